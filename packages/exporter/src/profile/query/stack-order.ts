import type { FrameRef, StackRef } from '../model/handles.js';
import { NONE, type Profile } from '../model/profile.js';

/**
 * Returns all stacks in depth-first order of the call tree, each caller before its callees. Takes time and memory
 * linear in the number of stacks, however deep they are.
 *
 * @param rankOf sort key for the callees of one caller, from their frame; without it they are in the order of the
 *   profile
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

/**
 * Returns, for each stack, its first callee and the next callee of its caller. The last entry of `first` is the first
 * root.
 */
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
