import type { FrameRef, StackRef } from './handles.js';
import { NONE, type Profile } from './profile.js';

/**
 * All stacks, each directly behind its caller or behind what an earlier callee of its caller called: the order of a
 * walk through the tree of calls. Takes time and memory linear in the number of stacks, however deep they are.
 * @param rankOf callees of one caller come in the order of this number of their frames; without it as in the profile
 */
export function stacksInCallOrder(profile: Profile, rankOf?: (frame: FrameRef) => number): Int32Array {
  const { first, next } = links(profile, rankOf);
  const order = new Int32Array(next.length);
  const path: number[] = [];
  let count = 0;
  let at = first.at(-1)!;
  while (at !== NONE || path.length > 0) {
    if (at === NONE) {
      at = next[path.pop()!]!;
      continue;
    }
    order[count++] = at;
    path.push(at);
    at = first[at]!;
  }
  return order;
}

/** Per stack its first callee and the next callee of its caller; the last entry of `first` is that of no caller. */
function links(
  profile: Profile,
  rankOf: ((frame: FrameRef) => number) | undefined,
): { readonly first: Int32Array; readonly next: Int32Array } {
  const count = profile.stackCount;
  const first = new Int32Array(count + 1).fill(NONE);
  const next = new Int32Array(count).fill(NONE);
  const stacks = Int32Array.from({ length: count }, (_, stack) => stack);
  if (rankOf !== undefined) {
    const ranks = stacks.map((stack) => rankOf(profile.stackFrame(stack as StackRef)));
    stacks.sort((a, b) => ranks[a]! - ranks[b]! || a - b);
  }
  for (let at = count - 1; at >= 0; at--) {
    const stack = stacks[at]!;
    const parent = profile.stackParent(stack as StackRef) ?? count;
    next[stack] = first[parent]!;
    first[parent] = stack;
  }
  return { first, next };
}
