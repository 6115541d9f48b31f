import { beforeAll, describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../../test/support/peer-test.js';
import {
  analyzeMemray,
  type HeapRecord,
  type MemrayAnalyzer,
  type MemrayFormat,
} from '../../../src/memray/index.js';
import { askOracle, captureFile, MEMRAY_OF, type Oracle, type OracleGroups } from '../support/oracle.js';
import { randomCapture } from '../support/random-capture.js';

const FORMATS: readonly MemrayFormat[] = [13, 12, 11];

describe.each(FORMATS)('format %d', (format) => {
  describeWithPeer('is read as the real memray reads it', `memray-${MEMRAY_OF[format]}`, () => {
    describe.each([1, 2, 3, 4])('random capture %d', (seed) => {
      const { bytes } = randomCapture({ seed: seed * 1000 + format, events: 2500, format });
      let oracle: Oracle;
      beforeAll(async () => {
        oracle = await askOracle(format, captureFile(bytes));
      });
      const analyzer = analyzeMemray([bytes]);

      test('agrees on memory records and peak', () => {
        expect(analyzer.peakBytes).toBe(oracle.peak);
        const ours = analyzer.snapshots().map((s) => [s.millis, s.residentBytes, s.heapBytes]);
        expect(ours).toEqual(oracle.snapshots);
      });

      test('agrees on high-water mark and leaks', () => {
        expectGroups(analyzer, oracle, (options) => analyzer.highWaterMark(options), oracle.highWaterMark);
        expectGroups(analyzer, oracle, (options) => analyzer.leaks(options), oracle.leaks);
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

function stackOf(analyzer: MemrayAnalyzer, record: Pick<HeapRecord, 'stack' | 'thread'>) {
  return analyzer.locations(record).map(({ functionName, file, line }) => [functionName, file, line]);
}
