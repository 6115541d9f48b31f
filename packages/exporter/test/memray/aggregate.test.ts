// Captures summed up: peak and leaks are those of the whole, by our own reader and by memray's.
import { describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../test/support/peer-test.js';
import {
  analyzeMemray,
  type HeapRecord,
  MEMRAY_FORMATS,
  MemrayAggregator,
  type MemrayFormat,
} from '../../src/memray/index.js';
import { analyzerRows } from './analyzer-rows.js';
import { formatOf, golden, goldenNames } from './golden.js';
import { captureFile, MEMRAY_OF, runPython } from './oracle.js';
import { randomCapture } from './random-capture.js';

function aggregated(bytes: Uint8Array, format: MemrayFormat): Buffer {
  const aggregator = new MemrayAggregator(format);
  aggregator.push(bytes);
  aggregator.end();
  return Buffer.concat([...aggregator.encode()]);
}

describe.each(goldenNames())('%s', (name) => {
  const { bytes } = golden(name);
  const whole = analyzeMemray([bytes]);

  test.each(MEMRAY_FORMATS)('as %d', (format) => {
    const result = aggregated(bytes, format);
    const analyzer = analyzeMemray([result]);
    const { commandLine, pid, startTimeMillis, mainThreadId, skippedFrames, nativeTraces } = whole.header!;
    expect(analyzer.header).toMatchObject({
      format,
      fileFormat: 'AGGREGATED_ALLOCATIONS',
      ...{ commandLine, pid, startTimeMillis, mainThreadId, skippedFrames, nativeTraces },
    });
    expect(analyzer.complete).toBe(true);
    expect(analyzerRows(analyzer, analyzer.highWaterMark())).toEqual(
      analyzerRows(whole, whole.highWaterMark()),
    );
    expect(analyzerRows(analyzer, analyzer.leaks())).toEqual(analyzerRows(whole, whole.leaks()));
    // Not always that of the whole: an allocation at a live address replaces another, but lowers no running total.
    expect(analyzer.peakBytes).toBe(sum(whole.highWaterMark()));
    expect(analyzer.snapshots()).toEqual(whole.snapshots());
    // Summed up again it is the same.
    expect(aggregated(result, format).equals(result)).toBe(true);
  });
});

test('at any moment, and at the end as if it had been asked only then', () => {
  const { bytes } = golden('synthetic/node-demo.v13.bin');
  const aggregator = new MemrayAggregator(13);
  for (let at = 0; at < bytes.length; at += 50) {
    const part = bytes.subarray(0, at + 50);
    aggregator.push(bytes.subarray(at, at + 50));
    if (at < 250) continue;
    const now = analyzeMemray([Buffer.concat([...aggregator.encode()])]);
    const whole = analyzeMemray([part]);
    expect(analyzerRows(now, now.leaks())).toEqual(analyzerRows(whole, whole.leaks()));
  }
  aggregator.end();
  expect(Buffer.concat([...aggregator.encode()]).equals(aggregated(bytes, 13))).toBe(true);
});

test('an unfinished capture ends with its last memory record; snapshots are thinned out on request', () => {
  const { bytes } = randomCapture({ seed: 5, events: 3000, format: 13 });
  const cut = bytes.subarray(0, bytes.length - 1);
  const aggregator = new MemrayAggregator(13, { maxSnapshots: 3 });
  aggregator.push(cut);
  const analyzer = analyzeMemray([Buffer.concat([...aggregator.encode()])]);
  const snapshots = analyzer.snapshots();
  expect(snapshots.length).toBeLessThanOrEqual(3);
  expect(snapshots.length).toBeGreaterThan(1);
  expect(analyzer.header!.endTimeMillis).toBeGreaterThanOrEqual(snapshots.at(-1)!.millis);
});

test('a large one comes in pieces', () => {
  const { bytes } = randomCapture({ seed: 6, events: 60_000, format: 13 });
  const aggregator = new MemrayAggregator(13);
  aggregator.push(bytes);
  const pieces = [...aggregator.encode()];
  for (const piece of pieces) expect(piece.length).toBeLessThan(2 ** 19);
});

test('before its header was read there is nothing to write', () => {
  const aggregator = new MemrayAggregator(13);
  expect(() => [...aggregator.encode()]).toThrow(/header/);
});

function sum(list: readonly { readonly bytes: number }[]): number {
  return list.reduce((total, { bytes }) => total + bytes, 0);
}

/** Prints what memray reads of a file of either kind. Stacks with native frames are resolved on this machine. */
const READ = `
import json, sys
from memray import FileReader
def rows(records):
    return sorted(([r.tid, r.size, r.n_allocations, [list(f) for f in r.hybrid_stack_trace()]] for r in records), key=json.dumps)
reader = FileReader(sys.argv[1], report_progress=False)
meta = reader.metadata
print(json.dumps({
    "peak": meta.peak_memory,
    "about": [meta.main_thread_id, meta.pid, meta.command_line, meta.has_native_traces],
    "threads": sorted(set(r.thread_name for r in reader.get_leaked_allocation_records(merge_threads=False))),
    "high": rows(reader.get_high_watermark_allocation_records(merge_threads=False)),
    "leaks": rows(reader.get_leaked_allocation_records(merge_threads=False)),
    "snapshots": [[s.time, s.rss, s.heap] for s in reader.get_memory_snapshots()],
}))
`;

type Row = readonly [tid: number, size: number, count: number, stack: unknown];
interface Reading {
  readonly peak: number;
  readonly high: readonly Row[];
  readonly leaks: readonly Row[];
}

async function read(bytes: Uint8Array, format: MemrayFormat): Promise<Reading> {
  return JSON.parse(await runPython(format, ['-c', READ, captureFile(bytes)])) as Reading;
}

/** Of stacks that allocated in several ways memray adds up bytes right, but counts each further way as 1. */
const withoutCounts = (rows: readonly Row[]) =>
  rows.map(([tid, size, , stack]) => JSON.stringify([tid, size, stack])).sort();
const counts = (rows: readonly Row[]) => rows.map(([, size, count]) => `${size} in ${count}`).sort();

async function expectSameReading(bytes: Uint8Array, format: MemrayFormat): Promise<void> {
  const whole = await read(bytes, format);
  const result = aggregated(bytes, format);
  const summed = await read(result, format);
  const comparable = ({ high, leaks, peak: _, ...rest }: Reading) => {
    return { ...rest, high: withoutCounts(high), leaks: withoutCounts(leaks) };
  };
  expect(comparable(summed)).toEqual(comparable(whole));
  const analyzer = analyzeMemray([result]);
  expect(summed.peak).toBe(analyzer.peakBytes);
  const ofMemray = (list: readonly HeapRecord[]) =>
    list.map(({ bytes: size, count }) => `${size} in ${count}`).sort();
  expect(counts(summed.high)).toEqual(ofMemray(analyzer.highWaterMark({ countsOfMemray: true })));
  expect(counts(summed.leaks)).toEqual(ofMemray(analyzer.leaks({ countsOfMemray: true })));
}

describe.each(MEMRAY_FORMATS)('memray reads the same, format %d', (format) => {
  const names = goldenNames().filter((name) => {
    return formatOf(name) === format && !name.includes('agg') && !/unfinal|names/.test(name);
  });
  describeWithPeer('of', `memray-${MEMRAY_OF[format]}`, () => {
    test.each(names)('%s', (name) => expectSameReading(golden(name).bytes, format));

    test('a random capture', () => {
      return expectSameReading(randomCapture({ seed: format, events: 3000, format }).bytes, format);
    });
  });
});
