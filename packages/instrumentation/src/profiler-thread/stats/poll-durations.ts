import type { PollDurations } from '../../protocol/metric-points.js';
import { OWN_METRICS } from '../../protocol/metric-table.js';

/** Upper bounds of the buckets, in ms; the last bucket has none. */
const BOUNDS = (OWN_METRICS.pollDuration.boundaries ?? []).map((seconds) => seconds * 1000);

/** Counts polls and sums their durations by bucket of `heapray.profiler.poll.duration`. */
export class PollDurationBuckets implements PollDurations {
  readonly counts: number[] = [...BOUNDS.map(() => 0), 0];
  readonly millis: number[] = [...BOUNDS.map(() => 0), 0];

  add(millis: number): void {
    const found = BOUNDS.findIndex((bound) => millis <= bound);
    const bucket = found < 0 ? BOUNDS.length : found;
    this.counts[bucket]! += 1;
    this.millis[bucket]! += millis;
  }
}

/** Returns the sum of two sets of buckets. */
export function plusDurations(durations: PollDurations, before: PollDurations | undefined): PollDurations {
  const plus = (values: readonly number[], more: readonly number[] | undefined) =>
    values.map((value, at) => value + (more?.[at] ?? 0));
  return {
    counts: plus(durations.counts, before?.counts),
    millis: plus(durations.millis, before?.millis),
  };
}
