import { beforeAll, describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../test/support/peer-test.js';
import {
  ALLOCATORS,
  analyzeMemray,
  type HeapRecord,
  type MemrayAnalyzer,
  type MemrayFormat,
  type TemporalRecord,
} from '../../src/memray/index.js';
import {
  askOracle,
  captureFile,
  MEMRAY_OF,
  type Oracle,
  type OracleGroups,
  type OracleIntervals,
} from './oracle.js';
import { randomCapture } from './random-capture.js';

const FORMATS: readonly MemrayFormat[] = [13, 12, 11];

describe.each(FORMATS)('format %d', (format) => {
  describeWithPeer('is read as the real memray reads it', `memray-${MEMRAY_OF[format]}`, () => {
    describe.each([1, 2, 3, 4])('random capture %d', (seed) => {
      // An empty mapping counts as one forever in memray's windows, but as none everywhere else.
      const { bytes } = randomCapture({ seed: seed * 1000 + format, events: 2500, format, minPages: 1 });
      let oracle: Oracle;
      beforeAll(async () => {
        oracle = await askOracle(format, captureFile(bytes));
      });
      const analyzer = analyzeMemray([bytes], { temporal: true });

      test('agrees on memory records and peak', () => {
        expect(analyzer.peakBytes).toBe(oracle.peak);
        const ours = analyzer.snapshots().map((s) => [s.millis, s.residentBytes, s.heapBytes]);
        expect(ours).toEqual(oracle.snapshots);
      });

      test('agrees on high-water mark and leaks', () => {
        expectGroups(analyzer, oracle, (options) => analyzer.highWaterMark(options), oracle.highWaterMark);
        expectGroups(analyzer, oracle, (options) => analyzer.leaks(options), oracle.leaks);
      });

      test.each(['0', '1', '5'])('agrees on temporary allocations, threshold %s', (threshold) => {
        const own = analyzeMemray([bytes], { temporaryThreshold: Number(threshold) });
        expectGroups(own, oracle, (options) => own.temporary(options), oracle.temporary[threshold]!);
      });

      test('agrees on windows', () => {
        const { peaks, records } = oracle.temporalHighWaterMark;
        expect(analyzer.temporalPeaks(true)).toEqual(peaks);
        expect(ourIntervals(analyzer, analyzer.temporalHighWaterMark(true))).toEqual(
          theirIntervals(oracle, records),
        );
      });

      test('agrees on lifetimes across windows', () => {
        // A mapping counts when its last piece is removed. If its last pieces are removed at once, memray does not
        // count it.
        const uncounted = (rows: string[]) => rows.map((row) => row.replaceAll(/,[01],(\d+\]")/g, ',$1'));
        const [ours, theirs] = [
          ourIntervals(analyzer, analyzer.temporalLeaks()),
          theirIntervals(oracle, oracle.temporalLeaks),
        ];
        expect(uncounted(ours)).toEqual(uncounted(theirs));
        const simple = (rows: string[]) => rows.filter((row) => !row.includes('"MMAP"'));
        expect(simple(ours)).toEqual(simple(theirs));
      });
    });
  });
});

function expectGroups(
  analyzer: MemrayAnalyzer,
  oracle: Oracle,
  ours: (options: { mergeThreads: boolean }) => readonly HeapRecord[],
  { byThread, merged }: OracleGroups,
): void {
  const rows = (mergeThreads: boolean) =>
    ours({ mergeThreads }).map((record) => {
      const tid = mergeThreads ? 0 : Number(analyzer.threads[record.thread]!.id);
      return JSON.stringify([tid, record.bytes, record.count, stackOf(analyzer, record)]);
    });
  const wanted = (groups: OracleGroups['merged']) =>
    groups.map(({ tid = 0, size, count, stack }) =>
      JSON.stringify([tid, size, count, stack.map((at) => oracle.locations[at])]),
    );
  expect(rows(false).sort()).toEqual(wanted(byThread).sort());
  expect(rows(true).sort()).toEqual(wanted(merged).sort());
}

function ourIntervals(analyzer: MemrayAnalyzer, records: readonly TemporalRecord[]): string[] {
  return records
    .map((record) => {
      const rows = record.intervals.map(({ from, until, count, bytes }) => [from, until, count, bytes]);
      const id = Number(analyzer.threads[record.thread]!.id);
      const allocator = ALLOCATORS[record.allocator - 1]!.name;
      return JSON.stringify([id, allocator, stackOf(analyzer, record), sorted(rows)]);
    })
    .sort();
}

/** Returns memray's intervals, without empty ones. */
function theirIntervals(oracle: Oracle, records: readonly OracleIntervals[]): string[] {
  return records
    .flatMap(({ tid, allocator, stack, intervals }) => {
      const rows = intervals.filter(([, , count, bytes]) => count !== 0 || bytes !== 0);
      const locations = stack.map((at) => oracle.locations[at]);
      return rows.length === 0 ? [] : [JSON.stringify([tid, allocator, locations, sorted(rows)])];
    })
    .sort();
}

function sorted(rows: readonly (readonly (number | null)[])[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

function stackOf(analyzer: MemrayAnalyzer, record: Pick<HeapRecord, 'stack' | 'thread'>) {
  return analyzer.locations(record).map(({ functionName, file, line }) => [functionName, file, line]);
}
