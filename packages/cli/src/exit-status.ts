let status = 0;

/** Sets the exit status of the running command, used if it ends without an error. */
export function setExitStatus(value: number): void {
  status = value;
}

/** Returns the status set since the previous call; 0 for none. */
export function takeExitStatus(): number {
  const taken = status;
  status = 0;
  return taken;
}
