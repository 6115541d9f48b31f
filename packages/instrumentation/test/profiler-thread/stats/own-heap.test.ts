import { expect, test } from 'vitest';
import { OwnHeap } from '../../../src/profiler-thread/stats/own-heap.js';

const MIB = 2 ** 20;

function fakeHeap(startMib: number, collectionMillis = 5) {
  const heap = { used: startMib * MIB, live: startMib * MIB, collections: 0, thorough: 0 };
  const own = new OwnHeap({
    usedBytes: () => heap.used,
    collect: (thoroughly) => {
      heap.collections++;
      if (thoroughly) heap.thorough++;
      heap.used = heap.live;
    },
    cpuMillis: () => heap.collections * collectionMillis,
  });
  return { heap, own };
}

test('collects the garbage of the start once, and later garbage when there is enough', () => {
  const { heap, own } = fakeHeap(8);
  for (let second = 0; second < 100; second++) own.collectIfWorthwhile(second * 1000);
  expect(heap.collections).toBe(1);
  for (let second = 100; second < 220; second++) {
    heap.used += MIB / 4;
    own.collectIfWorthwhile(second * 1000);
    expect(heap.used - heap.live).toBeLessThanOrEqual(4 * MIB);
  }
  expect(heap.collections).toBeGreaterThanOrEqual(8);
  // Only the start leaves enough garbage that returning memory is worth a second collection.
  expect(heap.thorough).toBe(1);
});

test('collects at most once in 15 s, however fast garbage accumulates', () => {
  const { heap, own } = fakeHeap(8);
  for (let tenth = 0; tenth <= 1200; tenth++) {
    heap.used += 5 * MIB;
    own.collectIfWorthwhile(tenth * 100);
  }
  // Once after a minute, and four times since.
  expect(heap.collections).toBe(5);
});

test('does not repeatedly collect a heap that stays alive', () => {
  const { heap, own } = fakeHeap(8);
  own.collectIfWorthwhile(0);
  own.collectIfWorthwhile(60_000);
  own.collectIfWorthwhile(61_000);
  heap.live += 50 * MIB;
  heap.used = heap.live;
  for (let second = 62; second < 300; second++) own.collectIfWorthwhile(second * 1000);
  expect(heap.collections).toBe(2);
});

test('limits collections to 0.05 % of a core', () => {
  const { heap, own } = fakeHeap(8, 60);
  const seconds = 3_600;
  for (let second = 0; second < seconds; second++) {
    heap.used += MIB;
    own.collectIfWorthwhile(second * 1000);
  }
  expect(heap.collections * 60).toBeLessThanOrEqual(0.0005 * seconds * 1000 + 60);
  expect(heap.collections).toBeGreaterThanOrEqual(29);
});
