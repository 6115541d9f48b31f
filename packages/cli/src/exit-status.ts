let status = 0;

/** Makes this the status of the command that runs now, if it comes to its end. */
export function setExitStatus(value: number): void {
  status = value;
}

/** The status that was set since the last call; 0 for none. */
export function takeExitStatus(): number {
  const taken = status;
  status = 0;
  return taken;
}
