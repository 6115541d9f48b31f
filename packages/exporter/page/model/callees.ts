/** The callees of each node, as linked lists: `first[node]`, then `next` of that, until -1. */
export interface Callees {
  /** Number that stands for the caller of nodes without one. */
  readonly root: number;
  readonly first: Int32Array;
  readonly next: Int32Array;
}

/** Returns the callees of each node, in the order of their numbers, from the caller of each. */
export function calleesOf(callers: Int32Array): Callees {
  const root = callers.length;
  const first = new Int32Array(root + 1).fill(-1);
  const next = new Int32Array(root).fill(-1);
  for (let node = root - 1; node >= 0; node--) {
    const caller = callers[node]! < 0 ? root : callers[node]!;
    next[node] = first[caller]!;
    first[caller] = node;
  }
  return { root, first, next };
}
