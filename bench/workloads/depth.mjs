// Makes deep stacks: applications allocate deep down in their frameworks, and a sample's cost grows with its stack.

/** Calls the work below that many frames. */
export function atDepth(frames, work) {
  if (frames <= 1) return work();
  const result = atDepth(frames - 1, work);
  // Use the result, so that this is not a tail call for the optimizer: every call keeps its frame.
  return result === undefined ? 0 : result;
}
