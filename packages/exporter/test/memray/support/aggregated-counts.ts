// Numbers of allocations in an aggregated capture, from its printed records.

/** Sums of the rows of one stack. */
export interface AggregatedCount {
  readonly bytes: number;
  /** Number of allocations. */
  readonly count: number;
  /** The number that memray shows: when it merges rows, it counts all but the first as 1. */
  readonly ofMemray: number;
}

const ROW = /^AGGREGATED_ALLOCATION tid=(\w+) \S+ native_frame_id=(\d+) python_frame_id=(\d+) /;

/** Returns the sums of all stacks at the high-water mark or at the end, by thread unless threads are merged. */
export function aggregatedCounts(
  lines: readonly string[],
  when: 'high_water_mark' | 'leaked',
  mergeThreads = false,
): readonly AggregatedCount[] {
  const counts = new Map<string, AggregatedCount>();
  const amount = (line: string, name: string) => Number(new RegExp(` ${name}=(\\d+)`).exec(line)?.[1]);
  for (const line of lines) {
    const [, thread, native, stack] = ROW.exec(line) ?? [];
    const [bytes, count] = [
      amount(line, when === 'leaked' ? 'bytes_leaked' : 'bytes_in_high_water_mark'),
      amount(line, when === 'leaked' ? 'n_allocations_leaked' : 'n_allocations_in_high_water_mark'),
    ];
    if (stack === undefined || count === 0) continue;
    const key = [mergeThreads ? '' : thread, native, stack].join();
    const sums = counts.get(key);
    counts.set(key, {
      bytes: bytes + (sums?.bytes ?? 0),
      count: count + (sums?.count ?? 0),
      ofMemray: sums === undefined ? count : sums.ofMemray + 1,
    });
  }
  return [...counts.values()];
}
