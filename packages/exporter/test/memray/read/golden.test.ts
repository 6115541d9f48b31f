import { describe, expect, test } from 'vitest';
import { analyzeMemray, type HeapRecord, type MemrayAnalyzer } from '../../../src/memray/index.js';
import { RecordStream } from '../../../src/memray/read/record-stream.js';
import { RecordPrinter } from '../../../src/memray/reports/format-records.js';
import { aggregatedCounts } from '../support/aggregated-counts.js';
import {
  type Expected,
  type ExpectedRecord,
  type ExpectedStats,
  golden,
  goldenNames,
} from '../support/golden.js';

const names = goldenNames();

/** Captures that end inside a record, with the expected damage. Others are complete or end between two records. */
const DAMAGE: ReadonlyMap<string, string> = new Map([
  ['synthetic/node-cut-zeropad.v13.bin', 'the file ends inside a record (allocation), after 3 bytes of it'],
  ['synthetic/node-cut.v13.bin', 'the file ends inside a record (allocation), after 2 bytes of it'],
  ['synthetic/node-killed.v13.bin', 'the file ends inside a record (allocation), after 3 bytes of it'],
]);

test('has captures of every kind', () => {
  expect(names.length).toBeGreaterThan(30);
});

describe.each(names)('%s', (name) => {
  const { bytes, expected, parse } = golden(name);
  const aggregated = expected.header.file_format === 'AGGREGATED_ALLOCATIONS';
  const analyzer = analyzeMemray([bytes], { stats: true });

  test('prints every record as memray parse does', () => {
    const lines: string[] = [];
    const stream = new RecordStream(new RecordPrinter((line) => lines.push(line)));
    stream.push(bytes);
    const { complete, damage } = stream.end();
    // memray prints only the name of a cut record.
    const whole = parse.at(-1)?.endsWith(' ') ? parse.slice(0, -1) : parse;
    expect(lines).toEqual(whole);
    expect(complete).toBe(whole.at(-1)!.endsWith('TRAILER'));
    expect(damage?.reason).toBe(DAMAGE.get(name));
    expect(damage === undefined || !complete).toBe(true);
  });

  test('gives the same result with pieces of any size', () => {
    for (const size of [1, 7, 1000]) {
      const lines: string[] = [];
      const stream = new RecordStream(new RecordPrinter((line) => lines.push(line)));
      for (let at = 0; at < bytes.length; at += size) stream.push(bytes.subarray(at, at + size));
      stream.end();
      expect(lines.join('\n')).toBe(
        parse.filter((line) => !line.endsWith(' ') || lines.includes(line)).join('\n'),
      );
    }
  });

  test('agrees on peak, end and memory records', () => {
    expect(analyzer.peakBytes).toBe(expected.metadata.peak_memory);
    const snapshots = analyzer.snapshots().map((s) => [s.millis, s.residentBytes, s.heapBytes]);
    expect(snapshots).toEqual(expected.memory_snapshots);
    if (expected.events === undefined) return;
    expect(analyzer.events).toBe(expected.events.count);
    expect(analyzer.liveBytes).toBe(expected.events.final_bytes);
  });

  test('agrees on high-water mark and leaks, by thread and merged', () => {
    const { high_water_mark: peak, leaks } = expected;
    const merged = { mergeThreads: true };
    // memray's numbers of allocations in aggregated captures are wrong, see below.
    const ours = <T extends HeapRecord>(records: readonly T[]) =>
      aggregated ? records.map((record) => ({ ...record, count: 0 })) : records;
    const theirs = (records: readonly ExpectedRecord[]) =>
      aggregated ? records.map((record) => ({ ...record, n_allocations: 0 })) : records;
    const rows = (records: readonly ExpectedRecord[]) => expectedRows(expected, theirs(records));
    expect(byThread(analyzer, ours(analyzer.highWaterMark()))).toEqual(rows(peak.by_thread));
    expect(byThread(analyzer, ours(analyzer.leaks()))).toEqual(rows(leaks.by_thread));
    expect(mergedRows(analyzer, ours(analyzer.highWaterMark(merged)))).toEqual(rows(peak.merged));
    expect(mergedRows(analyzer, ours(analyzer.leaks(merged)))).toEqual(rows(leaks.merged));
  });

  if (aggregated)
    test.each([false, true])('has the sums of allocations, threads merged: %s', (mergeThreads) => {
      const way = mergeThreads ? 'merged' : 'by_thread';
      for (const [when, records, wanted] of [
        ['high_water_mark', analyzer.highWaterMark({ mergeThreads }), expected.high_water_mark[way]],
        ['leaked', analyzer.leaks({ mergeThreads }), expected.leaks[way]],
      ] as const) {
        const sums = aggregatedCounts(parse, when, mergeThreads);
        expect(records.map(({ bytes, count }) => `${bytes} in ${count}`).sort()).toEqual(
          sums.map(({ bytes, count }) => `${bytes} in ${count}`).sort(),
        );
        expect(wanted.map((row) => `${row.size} in ${row.n_allocations}`).sort()).toEqual(
          sums.map(({ bytes, ofMemray }) => `${bytes} in ${ofMemray}`).sort(),
        );
      }
    });

  test('agrees on the allocators of merged records', () => {
    const { high_water_mark: peak, leaks } = expected;
    for (const [records, wanted] of [
      [analyzer.highWaterMark(), peak.by_thread],
      [analyzer.leaks(), leaks.by_thread],
    ] as const) {
      const known = wanted.flatMap(({ allocators }) => (allocators ? [allocators.join()] : []));
      const ours = records.map(({ allocators }) => allocators.toSorted().join());
      if (known.length > 0) expect(ours.sort()).toEqual(known.sort());
    }
  });

  if (!('error' in expected.stats))
    test('agrees on stats', () => {
      const wanted = expected.stats as ExpectedStats;
      const stats = analyzer.stats(1000);
      expect(stats.allocations).toBe(wanted.total_num_allocations);
      expect(stats.allocatedBytes).toBe(wanted.total_bytes_allocated);
      expect(
        stats.sizes.map((b) => ({ min_bytes: b.minBytes, max_bytes: b.maxBytes, count: b.count })),
      ).toEqual(wanted.allocation_size_histogram);
      expect(Object.fromEntries(stats.allocators)).toEqual(wanted.allocator_type_distribution);
      const shown = ({ location }: { location: (typeof stats.locationsByBytes)[0]['location'] }) =>
        location ? `${location.functionName}:${location.file}:${location.line}` : '<stack trace unavailable>';
      const bySize = stats.locationsByBytes.map((total) => JSON.stringify([shown(total), total.bytes]));
      expect(bySize.sort()).toEqual(
        wanted.top_allocations_by_size.map(({ location, size }) => JSON.stringify([location, size])).sort(),
      );
      const byCount = stats.locationsByCount.map((total) => JSON.stringify([shown(total), total.count]));
      expect(byCount.sort()).toEqual(
        wanted.top_allocations_by_count
          .map(({ location, count }) => JSON.stringify([location, count]))
          .sort(),
      );
      if (wanted.top_modules_by_allocation_size === undefined) return;
      const modules = ({ module, num_allocations: count, total_bytes: bytes }: (typeof moduleRows)[0]) =>
        JSON.stringify([module, count, bytes]);
      const moduleRows = wanted.top_modules_by_allocation_size;
      const ours = stats.modulesByBytes.map(({ module, count, bytes }) =>
        JSON.stringify([module, count, bytes]),
      );
      expect(ours.sort()).toEqual(moduleRows.map(modules).sort());
    });
});

function byThread(analyzer: MemrayAnalyzer, records: readonly HeapRecord[]): string[] {
  return records
    .map((record) => {
      const { id, name } = analyzer.threads[record.thread]!;
      return JSON.stringify([Number(id), name, record.bytes, record.count, stackOf(analyzer, record)]);
    })
    .sort();
}

function mergedRows(analyzer: MemrayAnalyzer, records: readonly HeapRecord[]): string[] {
  return records
    .map((record) => JSON.stringify([null, null, record.bytes, record.count, stackOf(analyzer, record)]))
    .sort();
}

function expectedRows(expected: Expected, records: readonly ExpectedRecord[]): string[] {
  return records
    .map(({ tid = null, thread = null, size, n_allocations: count, stack }) =>
      JSON.stringify([tid, thread, size, count, stack.map((at) => expected.locations[at])]),
    )
    .sort();
}

function stackOf(analyzer: MemrayAnalyzer, record: Pick<HeapRecord, 'stack' | 'thread'>) {
  return analyzer.locations(record).map(({ functionName, file, line }) => [functionName, file, line]);
}
