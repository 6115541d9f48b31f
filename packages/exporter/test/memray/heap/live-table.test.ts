import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashAddress, LiveTable } from '../../../src/memray/heap/live-table.js';
import { DEFAULT_LIMITS } from '../../../src/memray/index.js';

const size = fc.oneof(fc.nat(5000), fc.constantFrom(0, 2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, 2 ** 40));
const step = fc.record({
  add: fc.boolean(),
  high: fc.constantFrom(0, 1, 0x7f00, 0xffff_ffff),
  low: fc.nat(300).map((n) => n * 16),
  payload: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  size,
});

test('agrees with a Map', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 2000, size: 'max' }), (steps) => {
      const table = new LiveTable(DEFAULT_LIMITS);
      const map = new Map<string, { payload: number; size: number }>();
      for (const { add, high, low, payload, size } of steps) {
        const key = `${high},${low}`;
        const known = map.get(key);
        const found = add ? table.set(high, low, payload, size) : table.remove(high, low);
        expect(found).toBe(known?.payload ?? 0);
        if (known) expect(table.removedSize).toBe(known.size);
        if (add) map.set(key, { payload, size });
        else map.delete(key);
      }
      expect(table.size).toBe(map.size);
      for (const [key, { payload, size }] of map) {
        const [high = 0, low = 0] = key.split(',').map(Number);
        expect([table.remove(high, low), table.removedSize]).toEqual([payload, size]);
      }
      expect(table.size).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test('keeps all entries through many additions and removals', () => {
  const table = new LiveTable(DEFAULT_LIMITS);
  for (let at = 1; at <= 50_000; at += 1) expect(table.set(0, at * 16, at, at)).toBe(0);
  for (let at = 1; at <= 50_000; at += 2) expect(table.remove(0, at * 16)).toBe(at);
  for (let at = 1; at <= 50_000; at += 1) expect(table.remove(0, at * 16)).toBe(at % 2 ? 0 : at);
  expect(table.size).toBe(0);
});

test('throws beyond the limit', () => {
  const table = new LiveTable({ ...DEFAULT_LIMITS, maxLive: 3 });
  for (let at = 1; at <= 3; at += 1) table.set(0, at, 1, 1);
  expect(() => table.set(0, 4, 1, 1)).toThrow('memray: more than 3 allocations alive at once (maxLive)');
});

/**
 * Returns the mean distance of the first addresses from their home slots, in slots: the cost of a look-up. With linear probing it
 * does not depend on their order.
 */
function meanDistance(addressOf: Addresses, count: number, slots: number): number {
  const isUsed = new Uint8Array(slots);
  let distance = 0;
  for (let n = 0; n < count; n += 1) {
    let slot = hashAddress(...addressOf(n), 0x1234_5678) & (slots - 1);
    for (; isUsed[slot] === 1; slot = (slot + 1) & (slots - 1)) distance += 1;
    isUsed[slot] = 1;
  }
  return distance / count;
}

/** Returns the high and low half of the n-th address. */
type Addresses = (n: number) => readonly [high: number, low: number];

const every =
  (bytes: number): Addresses =>
  (n) => {
    const address = 0x7f12_1000_0000 + bytes * n;
    return [Math.floor(address / 2 ** 32), address >>> 0];
  };

test.each<readonly [string, Addresses]>([
  ['every 16 bytes, as in allocators', every(16)],
  ['every 8 bytes, as in small allocators', every(8)],
  ['every 24 bytes', every(24)],
  ['every byte, which format 11 allows', every(1)],
  ['every 3 bytes', every(3)],
  ['every 1 KiB', every(1024)],
  ['every page', every(4096)],
  ['every MiB', every(2 ** 20)],
  ['the same low half', (n) => [n, 0x1000]],
  ['few bits, all at the top', (n) => [(n << 24) >>> 0, (0x1000 + 16 * (n >>> 8)) >>> 0]],
])('finds addresses in few steps: %s', (_, addressOf) => {
  const table = new LiveTable(DEFAULT_LIMITS);
  let removed = 0;
  for (let n = 0; n < 50_000; n += 1) table.set(...addressOf(n), 1, 8);
  for (let n = 0; n < 50_000; n += 2) removed += table.remove(...addressOf(n));
  expect([removed, table.size]).toEqual([25_000, 25_000]);
  // Probing takes longer when half of the slots are used.
  expect(meanDistance(addressOf, 50_000, 2 ** 17)).toBeLessThan(60);
  // Adjacent addresses are adjacent: a block of 64 slots may overlap the previous one.
  expect(meanDistance(addressOf, 50_000, 2 ** 18)).toBeLessThan(25);
});

test('frees the sizes of removed entries of 4 GiB and more', () => {
  const table = new LiveTable(DEFAULT_LIMITS);
  const grown = heapGrowth(() => {
    for (let at = 0; at < 200_000; at += 1) {
      table.set(at, 16, 1, 2 ** 33);
      if (at % 2 === 0) table.set(at, 16, 1, 8);
      table.remove(at, 16);
    }
  });
  expect(table.size).toBe(0);
  // Keeping half of them would take some 10 MB.
  expect(grown).toBeLessThan(2e6);
});

/** Returns the number of bytes in this process's heap that `work` added. */
function heapGrowth(work: () => void): number {
  globalThis.gc!();
  const before = process.memoryUsage().heapUsed;
  work();
  globalThis.gc!();
  return process.memoryUsage().heapUsed - before;
}
