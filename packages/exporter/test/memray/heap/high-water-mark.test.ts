import { describe, expect, test } from 'vitest';
import {
  analyzeMemray,
  type HeapRecord,
  MemrayAnalyzer,
  type MemrayFormat,
  MemrayWriter,
} from '../../../src/memray/index.js';
import { atEnd, atPeak, type Group } from '../support/heap-model.js';
import { randomCapture, START } from '../support/random-capture.js';
import { AGGREGATED_EXAMPLE, ALL_ALLOCATIONS_EXAMPLE } from '../support/worked-examples.js';

describe.each([13, 12, 11] as const)('format %d', (format: MemrayFormat) => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('agrees with the simple model for random capture %d', (seed) => {
    const { bytes, events, memoryRecords, threadNames } = randomCapture({ seed, events: 4000, format });
    const analyzer = analyzeMemray([bytes]);
    const end = atEnd(events);
    const peak = atPeak(events);
    expect(analyzer.complete).toBe(true);
    expect(analyzer.damage).toBeUndefined();
    expect(analyzer.events).toBe(events.length);
    expect([analyzer.peakBytes, analyzer.liveBytes]).toEqual([end.peak, end.size]);
    for (const mergeThreads of [false, true]) {
      expect(rows(analyzer, analyzer.highWaterMark({ mergeThreads }), mergeThreads)).toEqual(
        sorted(peak.groups(mergeThreads)),
      );
      expect(rows(analyzer, analyzer.leaks({ mergeThreads }), mergeThreads)).toEqual(
        sorted(end.groups(mergeThreads)),
      );
    }
    expect(analyzer.snapshots().map((s) => [s.millis, s.residentBytes])).toEqual(memoryRecords);
    for (const { id, name } of analyzer.threads) expect(name).toBe(threadNames.get(Number(id)) ?? '');
  });
});

test('reads the worked example of all allocations', () => {
  const analyzer = analyzeMemray([ALL_ALLOCATIONS_EXAMPLE], { stats: true });
  expect(analyzer.header).toMatchObject({
    format: 13,
    commandLine: 'node a.js',
    pid: 4242,
    allocationCount: 6,
  });
  expect([analyzer.peakBytes, analyzer.liveBytes, analyzer.events]).toEqual([8256, 4160, 6]);
  const [record, ...others] = analyzer.highWaterMark();
  expect(others).toEqual([]);
  expect(record).toMatchObject({ bytes: 8256, count: 2, allocators: ['CALLOC', 'MMAP'] });
  expect(analyzer.locations(record!)).toEqual([
    { functionName: 'g', file: '/a/a.js', line: 1, firstLine: 1 },
    { functionName: 'f', file: '/a/a.js', line: 3, firstLine: 3 },
  ]);
  expect(analyzer.leaks()).toMatchObject([{ bytes: 4160, count: 2 }]);
  expect(analyzer.allocated()).toMatchObject([{ bytes: 8556, count: 3 }]);
  expect(analyzer.threads).toEqual([
    { id: 1n, name: 'main' },
    { id: 2n, name: '' },
  ]);
  expect(analyzer.stats().modulesByBytes).toEqual([{ module: 'a', bytes: 8556, count: 3 }]);
});

test('reads the worked example of an aggregated file', () => {
  const analyzer = analyzeMemray([AGGREGATED_EXAMPLE]);
  expect(analyzer.header).toMatchObject({ fileFormat: 'AGGREGATED_ALLOCATIONS', commandLine: 'x' });
  expect(analyzer.highWaterMark()).toMatchObject([{ bytes: 300, count: 2, allocators: ['MALLOC'] }]);
  expect(analyzer.leaks()).toMatchObject([{ bytes: 100, count: 1 }]);
  expect(analyzer.locations(analyzer.leaks()[0]!)).toEqual([
    { functionName: 'f', file: '/a.js', line: 3, firstLine: 3 },
  ]);
  expect(analyzer.snapshots()).toEqual([{ millis: START, residentBytes: 52_428_800, heapBytes: 300 }]);
  expect(analyzer.threads).toEqual([{ id: 1n, name: 'main' }]);
  expect([analyzer.peakBytes, analyzer.liveBytes]).toEqual([300, 100]);
});

test('has results while a capture grows', () => {
  const w = new MemrayWriter({ commandLine: 'x', pid: 1, startTimeMillis: START });
  const stack = w.stack(undefined, w.frame('f', '/a.js', 1));
  const analyzer = new Follower(w);
  w.memoryRecord(1, START);
  w.allocation(1, 64, 100, stack);
  expect(analyzer.read().liveBytes).toBe(100);
  w.allocation(1, 128, 50, stack);
  expect(analyzer.read().leaks()).toMatchObject([{ bytes: 150, count: 2 }]);
  w.free(1, 64);
  expect(analyzer.read().liveBytes).toBe(50);
  expect(analyzer.read().highWaterMark()).toMatchObject([{ bytes: 150, count: 2 }]);
  expect(analyzer.read().stopped).toBe(false);
  w.finish(1, START);
  expect(analyzer.read().complete).toBe(true);
});

test('a later name counts for the whole capture, and so does a later declaration of a function', () => {
  const w = new MemrayWriter({ commandLine: 'x', pid: 1, startTimeMillis: START });
  w.allocation(5, 64, 100, undefined);
  w.threadName(5, 'one');
  w.threadName(5, 'two');
  w.finish(1, START);
  expect(analyzeMemray([w.take()]).threads).toEqual([{ id: 5n, name: 'two' }]);
});

test('throws for results that were not requested', () => {
  const analyzer = analyzeMemray([ALL_ALLOCATIONS_EXAMPLE]);
  expect(() => analyzer.stats()).toThrow('this needs the option stats');
});

/** A reader that follows a writer. */
class Follower {
  readonly #writer: MemrayWriter;
  readonly #analyzer: MemrayAnalyzer = new MemrayAnalyzer();

  constructor(writer: MemrayWriter) {
    this.#writer = writer;
  }

  read(): MemrayAnalyzer {
    this.#analyzer.push(this.#writer.take());
    return this.#analyzer;
  }
}

function rows(analyzer: MemrayAnalyzer, records: readonly HeapRecord[], merged: boolean): string[] {
  return records
    .map((record) => {
      const tid = merged ? 0 : Number(analyzer.threads[record.thread]!.id);
      const stack = analyzer
        .locations(record)
        .map(({ functionName, file, line }) => [functionName, file, line]);
      return JSON.stringify([tid, record.bytes, record.count, stack]);
    })
    .sort();
}

function sorted(groups: readonly Group[]): string[] {
  return groups.map(({ tid, size, count, stack }) => JSON.stringify([tid, size, count, stack])).sort();
}
