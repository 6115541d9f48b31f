// Aggregated captures: peak and leaks must equal those of the whole capture, by our own reader and by memray's.
import { describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../../test/support/peer-test.js';
import {
  analyzeMemray,
  MEMRAY_FORMATS,
  MemrayAggregator,
  type MemrayFormat,
  MemrayWriter,
  RecordPrinter,
  RecordStream,
} from '../../../src/memray/index.js';
import { aggregatedCounts } from '../support/aggregated-counts.js';
import { analyzerRows } from '../support/analyzer-rows.js';
import { captureOf, THREAD_1 } from '../support/craft.js';
import { formatOf, golden, goldenNames } from '../support/golden.js';
import { hex } from '../support/hex.js';
import { captureFile, MEMRAY_OF, runPython } from '../support/oracle.js';
import { randomCapture } from '../support/random-capture.js';

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
    const rowsOf = (of: typeof whole, list: ReturnType<typeof whole.leaks>) =>
      analyzerRows(of, list, format !== 11);
    expect(rowsOf(analyzer, analyzer.highWaterMark())).toEqual(rowsOf(whole, whole.highWaterMark()));
    expect(rowsOf(analyzer, analyzer.leaks())).toEqual(rowsOf(whole, whole.leaks()));
    // Can differ from the peak of the whole: an allocation at a live address replaces another without lowering the
    // total.
    expect(analyzer.peakBytes).toBe(sum(whole.highWaterMark()));
    expect(analyzer.snapshots()).toEqual(whole.snapshots());
    // Aggregating the result again must not change it.
    expect(aggregated(result, format).equals(result)).toBe(true);
  });
});

test('encodes at any moment, without changing the result at the end', () => {
  const { bytes } = golden('synthetic/node-demo.v13.bin');
  const aggregator = new MemrayAggregator(13);
  for (let at = 0; at < bytes.length; at += 50) {
    const part = bytes.subarray(0, at + 50);
    aggregator.push(bytes.subarray(at, at + 50));
    if (at < 250) continue;
    const now = analyzeMemray([Buffer.concat([...aggregator.encode()])]);
    const whole = analyzeMemray([part]);
    expect(now.complete).toBe(true);
    expect(analyzerRows(now, now.leaks())).toEqual(analyzerRows(whole, whole.leaks()));
    expect(analyzerRows(now, now.highWaterMark())).toEqual(analyzerRows(whole, whole.highWaterMark()));
    expect(now.peakBytes).toBe(sum(whole.highWaterMark()));
    expect(now.snapshots()).toEqual(whole.snapshots());
    expect(now.threads.map(({ name }) => name)).toEqual(whole.threads.map(({ name }) => name));
  }
  aggregator.end();
  expect(Buffer.concat([...aggregator.encode()]).equals(aggregated(bytes, 13))).toBe(true);
});

test('an unfinished capture ends with its last memory record, also when snapshots are thinned out', () => {
  const writer = new MemrayWriter({ commandLine: '', pid: 1, startTimeMillis: 1000 });
  const aggregator = new MemrayAggregator(13, { maxSnapshots: 3 });
  for (let at = 1; at <= 12; at += 1) {
    writer.memoryRecord(4096, 1000 + 10 * at);
    writer.allocation(1, 64 * at, 16, undefined);
    aggregator.push(writer.take());
    const analyzer = analyzeMemray([Buffer.concat([...aggregator.encode()])]);
    expect(analyzer.header!.endTimeMillis).toBe(1000 + 10 * at);
    const snapshots = analyzer.snapshots();
    expect(snapshots.length).toBeLessThanOrEqual(3);
    expect(snapshots.length).toBeGreaterThan(at > 1 ? 1 : 0);
    expect(snapshots[0]!.millis).toBe(1010);
  }
});

test('a finished capture ends at the time in its header', () => {
  const writer = new MemrayWriter({ commandLine: '', pid: 1, startTimeMillis: 1000 });
  writer.memoryRecord(4096, 1010);
  writer.finish(4096, 1020);
  const bytes = writer.take();
  for (const { offset, bytes: patch } of writer.headerPatches(5000)) bytes.set(patch, offset);
  expect(analyzeMemray([aggregated(bytes, 13)]).header!.endTimeMillis).toBe(5000);
});

/** An image `a` of three segments, then an allocation with a native stack in the last one. */
const IMAGE = '06 07 61 00 03 00 10 00 00 00 00 00 00';
const SEGMENTS = ['00', '01', '02'].map((at) => `08 00 ${at} 00 00 00 00 00 00 20`);
const ALLOCATED = `05 a0 48 00 ${THREAD_1} fe 02 02 05`;

describe.each(MEMRAY_FORMATS)('a capture cut between an image and its segments (to format %d)', (format) => {
  const cutAfter = (count: number) =>
    captureOf(`${THREAD_1} fe 02 00 06 ${IMAGE} ${SEGMENTS.slice(0, count).join(' ')}`, {
      nativeTraces: true,
    });

  test.each([0, 1, 2, 3])('is readable when cut after %d of them', (count) => {
    const analyzer = analyzeMemray([aggregated(cutAfter(count), format)]);
    expect([analyzer.complete, analyzer.damage]).toEqual([true, undefined]);
    expect(sum(analyzer.leaks())).toBe(6);
  });

  test('continues with all segments after encoding in between', () => {
    const aggregator = new MemrayAggregator(format);
    aggregator.push(captureOf(IMAGE, { nativeTraces: true }));
    for (const segment of SEGMENTS) {
      expect(analyzeMemray([...aggregator.encode()]).complete).toBe(true);
      aggregator.push(hex(segment));
    }
    aggregator.push(hex(ALLOCATED));
    const analyzer = analyzeMemray([...aggregator.encode()]);
    expect(analyzer.complete).toBe(true);
    const [frame] = analyzer.nativeFrames(analyzer.leaks()[0]!);
    expect(frame).toMatchObject({ address: 0x1210n, path: 'a', start: 0x1200n, limit: 0x1220n });
  });

  describeWithPeer('for memray', `memray-${MEMRAY_OF[format]}`, () => {
    test('is a valid capture', async () => {
      const { leaks } = await read(aggregated(cutAfter(2), format), format);
      expect(leaks.map(([, size, count]) => [size, count])).toEqual([[6, 1]]);
    });
  });
});

test('keeps 64-bit thread IDs', () => {
  const threads = ['ff ff ff ff ff ff ff 7f', 'fe ff ff ff ff ff ff 7f', '01 00 00 00 00 00 00 80'];
  const records = threads.map((tid, at) => `0c ${tid} fe ${(2 * (at + 1)).toString(16).padStart(2, '0')} 06`);
  const bytes = captureOf(records.join(' '), { mainThreadId: 0x7fff_ffff_ffff_fffen, skippedFrames: 0 });
  for (const format of MEMRAY_FORMATS) {
    const analyzer = analyzeMemray([aggregated(bytes, format)]);
    expect(analyzer.header!.mainThreadId).toBe(0x7fff_ffff_ffff_fffen);
    const ids = analyzer.leaks().map(({ thread }) => analyzer.threads[thread]!.id);
    expect(ids).toEqual([0x7fff_ffff_ffff_ffffn, 0x7fff_ffff_ffff_fffen, 0x8000_0000_0000_0001n]);
  }
});

test('encodes a large capture in pieces', () => {
  const { bytes } = randomCapture({ seed: 6, events: 60_000, format: 13 });
  const aggregator = new MemrayAggregator(13);
  aggregator.push(bytes);
  const pieces = [...aggregator.encode()];
  for (const piece of pieces) expect(piece.length).toBeLessThan(2 ** 19);
});

test('throws when encoding before the header was read', () => {
  const aggregator = new MemrayAggregator(13);
  expect(() => [...aggregator.encode()]).toThrow(/header/);
});

function sum(list: readonly { readonly bytes: number }[]): number {
  return list.reduce((total, { bytes }) => total + bytes, 0);
}

/**
 * Prints the contents of either kind of file as read by memray. Stacks with native frames are resolved on this machine.
 */
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

/** Returns all records of a capture as text. */
function printed(bytes: Uint8Array): readonly string[] {
  const lines: string[] = [];
  const stream = new RecordStream(new RecordPrinter((line) => lines.push(line)));
  stream.push(bytes);
  stream.end();
  return lines;
}

/** For stacks with several kinds of allocations, memray sums the bytes correctly but counts each further kind as 1. */
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
  const lines = printed(result);
  for (const [when, rows, records] of [
    ['high_water_mark', summed.high, analyzer.highWaterMark()],
    ['leaked', summed.leaks, analyzer.leaks()],
  ] as const) {
    const sums = aggregatedCounts(lines, when);
    expect(counts(rows)).toEqual(sums.map(({ bytes, ofMemray }) => `${bytes} in ${ofMemray}`).sort());
    expect(records.map(({ bytes, count }) => `${bytes} in ${count}`).sort()).toEqual(
      sums.map(({ bytes, count }) => `${bytes} in ${count}`).sort(),
    );
  }
}

describe.each(MEMRAY_FORMATS)('memray reads the same contents, format %d', (format) => {
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
