import { describe, expect, test } from 'vitest';
import { BINS, IntervalCounts } from '../../../../src/profiler-thread/ledger/estimates/interval-counts.js';

interface Row {
  readonly from: number;
  readonly to: number;
  readonly reachable: number;
  readonly unreachable: number;
}

function rowsOf(counts: IntervalCounts): Row[] {
  const rows: Row[] = [];
  counts.forEach((from, to, reachable, unreachable) => void rows.push({ from, to, reachable, unreachable }));
  return rows;
}

test('adds up samples of an interval, and lists intervals in ascending order', () => {
  const counts = new IntervalCounts({ maxWeight: 100, maxIntervals: 10 });
  counts.add(3, BINS, false, 1);
  counts.add(0, 7, true, 2);
  counts.add(3, 4, true, 1);
  counts.add(0, 7, false, 0.5);
  expect(rowsOf(counts)).toEqual([
    { from: 0, to: 7, reachable: 0.5, unreachable: 2 },
    { from: 3, to: 4, reachable: 0, unreachable: 1 },
    { from: 3, to: BINS, reachable: 1, unreachable: 0 },
  ]);
});

test('scales an interval down to the maximum weight', () => {
  const counts = new IntervalCounts({ maxWeight: 10, maxIntervals: 10 });
  counts.add(0, 1, false, 10);
  counts.add(0, 1, true, 10);
  expect(rowsOf(counts)).toEqual([{ from: 0, to: 1, reachable: 5, unreachable: 5 }]);
});

describe('with too many intervals', () => {
  /** Adds one sample to every interval of the scale. */
  function full(): IntervalCounts {
    const counts = new IntervalCounts({ maxWeight: 1_000, maxIntervals: 400 });
    for (let from = 0; from < BINS; from++) {
      for (let to = from + 1; to <= BINS; to++) counts.add(from, to, to % 3 === 0, 1);
    }
    return counts;
  }

  test('rounds edges to every fourth, and keeps all deaths', () => {
    const counts = full();
    expect(counts.size).toBeLessThanOrEqual(400);
    const rows = rowsOf(counts);
    for (const { from, to } of rows) expect([from % 4, to % 4, from < to]).toEqual([0, 0, true]);
    const deaths = rows.reduce((sum, { unreachable }) => sum + unreachable, 0);
    expect(deaths).toBe((BINS / 3) * ((BINS + 3) / 2));
  });

  test('drops survivors only of intervals that round to nothing', () => {
    const rows = rowsOf(full());
    const survivors = rows.reduce((sum, { reachable }) => sum + reachable, 0);
    const all = (BINS * (BINS + 1)) / 2 - (BINS / 3) * ((BINS + 3) / 2);
    expect(survivors).toBeGreaterThan(0.94 * all);
    expect(survivors).toBeLessThan(all);
  });
});
