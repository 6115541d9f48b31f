import { expect } from 'vitest';
import { analyzeMemray, type CaptureWindow, type MemrayAnalyzer } from '../../../src/memray/index.js';

/** One of memray's temporal records, with its stack as locations. */
export interface TemporalRecord {
  readonly tid: number;
  readonly allocator: string;
  readonly stack: readonly (readonly [string, string, number])[];
  /** [from window, until window or null, count, bytes] */
  readonly intervals: readonly (readonly [number, number | null, number, number])[];
}

/** The times of a capture according to memray. Window n is between memory records n - 1 and n. */
export interface Temporal {
  readonly startMillis: number;
  /** Times of the memory records, in ms since the Unix epoch. */
  readonly recordMillis: readonly number[];
  readonly leaks: readonly TemporalRecord[];
  /** Bytes at the high-water mark of each window. */
  readonly peaks: readonly number[];
  readonly highWaterMark: readonly TemporalRecord[];
}

/** Maximum number of first and of last windows to combine. */
const MAX_ENDS = 8;

/**
 * Expects that an analysis of each of many parts of a capture's time agrees with memray's temporal records, as its flame
 * graphs sum them. Returns the number of parts.
 */
export function expectTemporal(bytes: Uint8Array, temporal: Temporal): number {
  const { peaks, recordMillis, startMillis } = temporal;
  const last = peaks.length - 1;
  const hasOwnTime = (record: number) => (recordMillis[record - 1] ?? startMillis) < recordMillis[record]!;
  const windows = peaks.map((_, window) => window);
  // A time selects the first of several memory records that have it, and the start of the capture no record.
  const firsts = evenly(windows.filter((window) => window === 0 || hasOwnTime(window - 1)));
  const lasts = evenly(windows.filter((window) => window === last || hasOwnTime(window)));
  let parts = 0;
  for (const first of firsts) {
    for (const until of lasts.filter((window) => window >= first)) {
      const window: CaptureWindow = {
        ...(first > 0 && { from: { millis: recordMillis[first - 1]!, isUtc: true } }),
        ...(until < last && { until: { millis: recordMillis[until]! - startMillis, isUtc: false } }),
      };
      const analyzer = analyzeMemray([bytes], { window });
      expectLeaks(analyzer, temporal, first, until);
      // memray does not know the high-water mark of the last window while the heap rises.
      if (until < last) expectPeak(analyzer, temporal, first, until);
      parts += 1;
    }
  }
  return parts;
}

function expectLeaks(analyzer: MemrayAnalyzer, { leaks }: Temporal, first: number, until: number): void {
  const wanted = sums(leaks, ([from, to]) => from >= first && from <= until && (to === null || to > until));
  expect(rows(analyzer, analyzer.leaks())).toEqual(wanted);
}

function expectPeak(
  analyzer: MemrayAnalyzer,
  { peaks, highWaterMark }: Temporal,
  first: number,
  until: number,
): void {
  const within = peaks.slice(first, until + 1);
  const peak = within.reduce((most, each) => Math.max(most, each), 0);
  expect(analyzer.peakBytes).toBe(peak);
  // memray takes the first of equal peaks, and this package the last.
  if (within.indexOf(peak) !== within.lastIndexOf(peak)) return;
  const at = first + within.indexOf(peak);
  const wanted = sums(highWaterMark, ([from, to]) => from <= at && (to === null || to > at));
  // Where mappings overlap, memray's records do not add up to its own peak.
  const sum = [...wanted.values()].reduce((all, each) => all + each, 0);
  if (sum !== peak) return;
  expect(rows(analyzer, analyzer.highWaterMark())).toEqual(wanted);
}

/** Returns bytes by thread and stack, without those that are 0. */
function sums(
  records: readonly TemporalRecord[],
  isIn: (interval: TemporalRecord['intervals'][number]) => boolean,
): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  for (const { tid, stack, intervals } of records) {
    const own = intervals.filter(isIn).reduce((sum, interval) => sum + interval[3], 0);
    if (own !== 0) add(bytes, JSON.stringify([tid, stack]), own);
  }
  return bytes;
}

function rows(
  analyzer: MemrayAnalyzer,
  records: ReturnType<MemrayAnalyzer['leaks']>,
): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  for (const record of records) {
    if (record.bytes === 0) continue;
    const stack = analyzer
      .locations(record)
      .map(({ functionName, file, line }) => [functionName, file, line]);
    add(bytes, JSON.stringify([Number(analyzer.threads[record.thread]!.id), stack]), record.bytes);
  }
  return bytes;
}

function add(sum: Map<string, number>, key: string, bytes: number): void {
  sum.set(key, (sum.get(key) ?? 0) + bytes);
}

function evenly(windows: readonly number[]): readonly number[] {
  const step = Math.max(1, Math.ceil(windows.length / MAX_ENDS));
  return windows.filter((_, at) => at % step === 0 || at === windows.length - 1);
}
