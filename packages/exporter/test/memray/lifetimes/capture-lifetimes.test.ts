import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/memray/format/limits.js';
import {
  type Amount,
  CaptureLifetimes,
  type CaptureLifetimesOptions,
  LIFETIMES,
  MemrayWriter,
  RecordStream,
} from '../../../src/memray/index.js';
import { CaptureModel } from '../../../src/memray/model/capture-model.js';
import type { HeapListener } from '../../../src/memray/model/heap-listener.js';
import { captureOf, THREAD_1 } from '../support/craft.js';
import { type ExpectedRecord, golden, goldenNames } from '../support/golden.js';
import { randomCapture, START } from '../support/random-capture.js';

describe.each(goldenNames().filter((name) => !/agg/.test(name)))('%s', (name) => {
  const { bytes, expected } = golden(name);
  const temporary = expected.temporary_threshold_1 as readonly ExpectedRecord[];

  test('has the temporary allocations of memray, and lifetimes that add up', () => {
    const lifetimes = read(bytes, { windows: 5 });
    const total = lifetimes.total();
    expect(total.temporary).toEqual(
      sumOf(temporary.map(({ size, n_allocations }) => ({ bytes: size, count: n_allocations }))),
    );
    const leaks = expected.leaks.by_thread.map(({ size, n_allocations }) => {
      return { bytes: size, count: n_allocations };
    });
    expect(total.byLifetime.at(-1)!.bytes).toBe(sumOf(leaks).bytes);
    if (!('error' in expected.stats)) {
      const { total_bytes_allocated: allocated, total_num_allocations: count } = expected.stats;
      expect(total.allocated).toEqual({ bytes: allocated, count });
    }
    for (const row of [total, ...lifetimes.rows()]) {
      expect(sumOf(row.byLifetime)).toEqual(row.allocated);
      expect(sumOf(row.cells)).toEqual(row.allocated);
      const alive = row.cells.filter(({ death }) => death === undefined);
      expect(sumOf(alive)).toEqual(row.byLifetime.at(-1));
    }
    const rows = lifetimes.rows();
    expect(sumOf(rows.map(({ allocated }) => allocated))).toEqual(total.allocated);
    expect(sumOf(rows.map((row) => row.temporary))).toEqual(total.temporary);
  });
});

test('has the temporary allocations of memray by function', () => {
  const { bytes, expected } = golden('threads.v13.bin');
  const wanted = new Map<string, number>();
  for (const { size, stack } of expected.temporary_threshold_1 as readonly ExpectedRecord[]) {
    const [functionName, file] = expected.locations[stack[0]!]!;
    const key = `${functionName} ${file}`;
    wanted.set(key, (wanted.get(key) ?? 0) + size);
  }
  const ours = new Map<string, number>();
  for (const { functionName, file, temporary } of read(bytes).rows()) {
    const key = `${functionName} ${file}`;
    if (temporary.count > 0) ours.set(key, (ours.get(key) ?? 0) + temporary.bytes);
  }
  expect(ours).toEqual(wanted);
});

test.each([11, 12, 13] as const)('agrees with a simple model for a random capture of format %d', (format) => {
  const { bytes } = randomCapture({ seed: format, events: 4000, format, minPages: 1 });
  const simple = new SimpleLifetimes();
  const stream = new RecordStream(new CaptureModel(DEFAULT_LIMITS, [simple]));
  stream.push(bytes);
  stream.end();
  simple.finish();
  const lifetimes = read(bytes, { windows: 4 });
  expect(lifetimes.total().byLifetime.slice(0, -1)).toEqual(simple.ended);
  const width = lifetimes.windows[0]!.untilMillis;
  for (const { birth, death, bytes: cellBytes, count } of lifetimes.total().cells) {
    const isIn = (ended: Ended) =>
      Math.floor(ended.birth / width) === birth &&
      (ended.death === undefined ? undefined : Math.floor(ended.death / width)) === death;
    if (death !== undefined) expect(sumOf(simple.all.filter(isIn))).toEqual({ bytes: cellBytes, count });
  }
});

test('tells lifetimes apart by the memory records', () => {
  const w = new MemrayWriter({ commandLine: 'x', pid: 1, startTimeMillis: START });
  const stack = w.stack(undefined, w.frame('f', '/a.js', 3));
  // The first is freed before the next record, which comes 20 ms later: it counts as 10 ms.
  const spans = [0, 20, 200, 2_000, 20_000, 200_000];
  w.memoryRecord(1, START);
  for (const at of spans.keys()) w.allocation(1, 64 * (at + 1), 10 ** at, stack);
  for (const [at, span] of spans.entries()) {
    if (span > 0) w.memoryRecord(1, START + span);
    w.free(1, 64 * (at + 1));
  }
  w.allocation(1, 64, 7, stack);
  w.finish(1, START + 200_010);
  const lifetimes = read(w.take());
  expect(lifetimes.total().byLifetime.map(({ bytes }) => bytes)).toEqual([
    0, 11, 100, 1_000, 10_000, 100_000, 7,
  ]);
  expect(lifetimes.rows()).toHaveLength(1);
  expect(lifetimes.rows()[0]).toMatchObject({ functionName: 'f', file: '/a.js', line: 3 });
  expect(LIFETIMES).toHaveLength(7);
});

test('considers only what was allocated in a window, and freed until its end', () => {
  const w = new MemrayWriter({ commandLine: 'x', pid: 1, startTimeMillis: START });
  const allocate = (address: number, size: number) => w.allocation(1, address, size, undefined);
  w.memoryRecord(1, START);
  allocate(64, 1);
  w.memoryRecord(1, START + 1000);
  w.free(1, 64);
  allocate(128, 10);
  allocate(192, 100);
  w.memoryRecord(1, START + 1005);
  w.free(1, 128);
  w.memoryRecord(1, START + 2000);
  w.free(1, 192);
  allocate(256, 1000);
  w.finish(1, START + 3000);
  const [from, until] = [1000, 2000].map((millis) => ({ millis, isUtc: false }));
  const lifetimes = read(w.take(), { window: { from: from!, until: until! }, windows: 4 });
  const { allocated, byLifetime } = lifetimes.total();
  // The windows divide this part of the time.
  expect(lifetimes.windows[0]).toEqual({ fromMillis: 1000, untilMillis: 1251 });
  expect(allocated).toEqual({ bytes: 110, count: 2 });
  expect(byLifetime[0]).toEqual({ bytes: 10, count: 1 });
  expect(byLifetime.at(-1)).toEqual({ bytes: 100, count: 1 });
});

test('makes windows longer when the end of the capture was not known', () => {
  const w = new MemrayWriter({ commandLine: 'x', pid: 1, startTimeMillis: START });
  w.memoryRecord(1, START);
  for (let at = 0; at < 1000; at += 1) {
    w.allocation(1, 64 * (at + 1), 8, undefined);
    if (at >= 100) w.free(1, 64 * (at - 99));
    w.memoryRecord(1, START + at * 10);
  }
  w.finish(1, START + 10_000);
  const lifetimes = read(w.take(), { windows: 8 });
  expect(lifetimes.windows).toHaveLength(8);
  expect(lifetimes.windows[0]).toEqual({ fromMillis: 0, untilMillis: 1280 });
  const { cells, allocated } = lifetimes.total();
  expect(sumOf(cells)).toEqual(allocated);
  // Allocations that live for a second end in the window of their birth, or in the next.
  for (const { birth, death } of cells) if (death !== undefined) expect(death - birth).toBeLessThanOrEqual(1);
});

describe('hostile captures', () => {
  test('an aggregated one is refused', () => {
    const { bytes } = golden('aggregate.v13.bin');
    expect(() => read(bytes)).toThrow('an aggregated capture holds sums only, so it has no lifetimes');
  });

  test('clocks that jump do not make a lifetime negative', () => {
    // Memory records at 1 ms, 2^63 ms (before the start, as it wraps around), 2^53 ms, 0 ms.
    const records = `02 01 01 ${THREAD_1} fe 80 88 80 80 80 f8 07 0a
      02 01 80 80 80 80 80 80 80 80 80 01 85 fe 80 88 80 80 80 f8 07 0b
      02 01 80 80 80 80 80 80 80 10 85 fe 80 88 80 80 80 f8 07 0c 02 01 00 01`;
    const lifetimes = read(captureOf(records), { windows: 3 });
    expect(lifetimes.total().allocated).toEqual({ bytes: 33, count: 3 });
    expect(sumOf(lifetimes.total().byLifetime)).toEqual({ bytes: 33, count: 3 });
    for (const { bytes } of lifetimes.total().byLifetime) expect(bytes).toBeGreaterThanOrEqual(0);
    expect(sumOf(lifetimes.total().cells)).toEqual({ bytes: 33, count: 3 });
  });

  test('limits apply to live allocations', () => {
    const { bytes } = golden('threads.v13.bin');
    expect(() => read(bytes, { limits: { maxLive: 5 } })).toThrow('maxLive');
  });
});

function read(bytes: Uint8Array, options?: CaptureLifetimesOptions): CaptureLifetimes {
  const lifetimes = new CaptureLifetimes(options);
  for (let at = 0; at < bytes.length; at += 1000) lifetimes.push(bytes.subarray(at, at + 1000));
  lifetimes.end();
  return lifetimes;
}

function sumOf(amounts: readonly Amount[]): Amount {
  return {
    bytes: amounts.reduce((sum, { bytes }) => sum + bytes, 0),
    count: amounts.reduce((sum, { count }) => sum + count, 0),
  };
}

interface Ended extends Amount {
  readonly birth: number;
  readonly death: number | undefined;
}

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly mapping: { readonly birth: number; pieces: number };
}

/** The simplest way to find lifetimes, for comparison. Times are those of the memory records before. */
class SimpleLifetimes implements HeapListener {
  readonly all: Ended[] = [];
  readonly ended: { bytes: number; count: number }[] = LIFETIMES.slice(1).map(() => ({ bytes: 0, count: 0 }));
  readonly #live = new Map<string, { size: number; birth: number }>();
  #pieces: Piece[] = [];
  #pending: { bytes: number; count: number }[] = [];
  #now = 0;

  memoryRecord(millis: number): void {
    this.#settle((millis - START - this.#now) / 2);
    this.#now = millis - START;
  }

  finish(): void {
    this.#settle(0);
  }

  allocated(_site: number, high: number, low: number, size: number): void {
    this.freed(0, high, low);
    this.#live.set(`${high} ${low}`, { size, birth: this.#now });
  }

  freed(_thread: number, high: number, low: number): void {
    const found = this.#live.get(`${high} ${low}`);
    this.#live.delete(`${high} ${low}`);
    if (found !== undefined) this.#end(found.birth, found.size, 1);
  }

  mapped(_site: number, high: number, low: number, size: number): void {
    const from = high * 2 ** 32 + low;
    this.#pieces.push({ from, to: from + size, mapping: { birth: this.#now, pieces: 1 } });
  }

  unmapped(_thread: number, high: number, low: number, size: number): void {
    const start = high * 2 ** 32 + low;
    this.#pieces = this.#pieces.flatMap((piece) => {
      const from = Math.max(piece.from, start);
      const to = Math.min(piece.to, start + size);
      if (to <= from) return [piece];
      const left = [
        { ...piece, to: from },
        { ...piece, from: to },
      ].filter((each) => each.to > each.from);
      piece.mapping.pieces += left.length - 1;
      this.#end(piece.mapping.birth, to - from, piece.mapping.pieces === 0 ? 1 : 0);
      return left;
    });
  }

  #end(birth: number, bytes: number, count: number): void {
    this.all.push({ birth, death: this.#now, bytes, count });
    if (birth === this.#now) this.#pending.push({ bytes, count });
    else this.#add(this.#now - birth, { bytes, count });
  }

  #settle(millis: number): void {
    for (const each of this.#pending) this.#add(millis, each);
    this.#pending = [];
  }

  #add(millis: number, { bytes, count }: Amount): void {
    const at = [10, 100, 1_000, 10_000, 60_000].filter((limit) => millis >= limit).length;
    this.ended[at]!.bytes += bytes;
    this.ended[at]!.count += count;
  }
}
