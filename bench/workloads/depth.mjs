// Applications allocate deep down in their frameworks, and a sample costs more the deeper the stack is.

/** Calls the work below so many frames. */
export function atDepth(frames, work) {
  if (frames <= 1) return work();
  const result = atDepth(frames - 1, work);
  // Not a tail position for the optimizer: every call keeps its frame.
  return result === undefined ? 0 : result;
}
