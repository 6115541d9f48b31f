import { describe, expect, test } from 'vitest';
import {
  analyzeMemray,
  type CaptureWindow,
  MemrayProfiler,
  MemrayWriter,
  RecordPrinter,
  RecordStream,
  TimeWindow,
} from '../../../src/memray/index.js';
import { totals } from '../../../src/profile/index.js';
import { type ExpectedTemporal, golden, goldenNames } from '../support/golden.js';
import { randomCapture, START } from '../support/random-capture.js';
import { expectTemporal, type TemporalRecord } from '../support/temporal.js';
import { AGGREGATED_EXAMPLE } from '../support/worked-examples.js';

const names = goldenNames().filter((name) => !/agg/.test(name));

describe.each(names)('%s', (name) => {
  const { bytes, expected } = golden(name);

  test("agrees with memray's temporal records in every part of the time", () => {
    const { temporal_leaks: leaks, temporal_high_water_mark: highWaterMark, locations } = expected;
    const records = (list: readonly ExpectedTemporal[]): readonly TemporalRecord[] =>
      list.map(({ stack, ...record }) => ({ ...record, stack: stack.map((at) => locations[at]!) }));
    const parts = expectTemporal(bytes, {
      startMillis: expected.metadata.start_time,
      recordMillis: expected.memory_snapshots.map(([millis]) => millis),
      leaks: records(leaks!),
      peaks: highWaterMark!.bytes_by_snapshot,
      highWaterMark: records(highWaterMark!.records),
    });
    expect(parts).toBeGreaterThan(0);
  });
});

test('the allocations of adjacent parts add up to those of the whole capture', () => {
  const { bytes } = randomCapture({ seed: 15, events: 3000, format: 13 });
  const allocated = (window: CaptureWindow | undefined) => {
    const { allocations, allocatedBytes } = analyzeMemray([bytes], { window, stats: true }).stats();
    return [allocations, allocatedBytes] as const;
  };
  const parts = [
    allocated({ until: seconds(0.3) }),
    allocated({ from: seconds(0.3), until: seconds(0.7) }),
    allocated({ from: seconds(0.7) }),
  ];
  for (const [count] of parts) expect(count).toBeGreaterThan(0);
  const sum = (at: 0 | 1) => parts.reduce((all, part) => all + part[at], 0);
  expect([sum(0), sum(1)]).toEqual(allocated(undefined));
});

test('a profile of a part has its times, and the peak of the whole heap within it', () => {
  const profiler = new MemrayProfiler({ window: { from: seconds(1), until: seconds(2) } });
  profiler.push(threeSeconds());
  profiler.end();
  const profile = profiler.profile();
  expect(totals(profile)).toEqual({
    alloc_objects: 2,
    alloc_space: 30,
    peak_objects: 3,
    peak_space: 130,
    inuse_objects: 1,
    inuse_space: 10,
  });
  expect(profile.timeNanos).toBe(BigInt(START + 2000) * 1_000_000n);
  expect(profile.durationNanos).toBe(1_000_000_000n);
  expect(profile.comments).toContain(
    'heapray: 1 s to 2 s after the start of the capture; the peak is that of the whole heap',
  );
  expect(profiler.window!.isCut).toBe(false);
});

test('a window ends with the capture, if that ends before', () => {
  const analyzer = analyzeMemray([threeSeconds()], { window: { from: seconds(1), until: seconds(60) } });
  expect(analyzer.window!.isCut).toBe(true);
  expect(analyzer.window!.untilMillis).toBe(START + 3000);
  expect(analyzer.liveBytes).toBe(11);
});

test('prints the records of a window only, its memory records included', () => {
  const lines: string[] = [];
  const window = new TimeWindow({ from: seconds(1), until: seconds(2) });
  const stream = new RecordStream(new RecordPrinter((line) => lines.push(line), window));
  stream.push(threeSeconds());
  stream.end();
  expect(lines.map((line) => line.split(' ', 1)[0])).toEqual([
    'HEADER',
    'MEMORY_RECORD',
    'ALLOCATION',
    'ALLOCATION',
    'ALLOCATION',
    'MEMORY_RECORD',
  ]);
});

describe('refuses', () => {
  test.each<[string, CaptureWindow, string]>([
    [
      'an end before the beginning',
      { from: seconds(2), until: seconds(1) },
      'the time begins at 2 s, which is not before its end at 1 s',
    ],
    [
      'an empty window',
      { from: seconds(2), until: seconds(2) },
      'the time begins at 2 s, which is not before its end at 2 s',
    ],
    [
      'an end before the capture',
      { until: { millis: START - 500, isUtc: true } },
      'the time ends at -0.5 s, before the capture has started',
    ],
    [
      'a beginning after the capture',
      { from: seconds(3.5) },
      'the time begins at 3.5 s, but the capture ends at 3 s',
    ],
  ])('%s', (_, window, message) => {
    expect(() => analyzeMemray([threeSeconds()], { window })).toThrow(
      expect.objectContaining({ name: 'WindowError', message }),
    );
  });

  test('any window of an aggregated capture', () => {
    expect(() => analyzeMemray([AGGREGATED_EXAMPLE], { window: {} })).toThrow(
      expect.objectContaining({
        name: 'WindowError',
        message: 'an aggregated capture holds sums only, so it has no part of its time',
      }),
    );
  });
});

function seconds(count: number) {
  return { millis: count * 1000, isUtc: false } as const;
}

/** Returns a capture with memory records at 0, 1, 2 and 3 s, and allocations between them. */
function threeSeconds(): Uint8Array {
  const w = new MemrayWriter({ commandLine: 'x', pid: 1, startTimeMillis: START });
  const stack = w.stack(undefined, w.frame('f', '/a.js', 1));
  w.memoryRecord(1, START);
  w.allocation(1, 64, 100, stack);
  w.memoryRecord(1, START + 1000);
  w.allocation(1, 128, 10, stack);
  w.allocation(1, 192, 20, stack);
  w.free(1, 192);
  w.memoryRecord(1, START + 2000);
  w.free(1, 64);
  w.allocation(1, 256, 1, stack);
  w.finish(1, START + 3000);
  return w.take();
}
