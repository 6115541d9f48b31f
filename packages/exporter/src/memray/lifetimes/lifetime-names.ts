/** Names of the ranges of lifetimes, the shortest first. Allocations that were not freed have the last. */
export const LIFETIMES = ['<10ms', '10ms-100ms', '100ms-1s', '1s-10s', '10s-1m', '>1m', 'alive'] as const;
export type Lifetime = (typeof LIFETIMES)[number];

/** Number of lifetimes of what was freed. */
export const ENDED_LIFETIMES: number = LIFETIMES.length - 1;

const UPPER_MILLIS = [10, 100, 1_000, 10_000, 60_000] as const;

/** Returns the lifetime of what was freed after this time, as an index into `LIFETIMES`. */
export function lifetimeOf(millis: number): number {
  let at = 0;
  while (at < UPPER_MILLIS.length && millis >= UPPER_MILLIS[at]!) at += 1;
  return at;
}
