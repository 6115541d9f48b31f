import { expect, test } from 'vitest';
import { OwnHeap } from '../../src/agent/own-heap.js';

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

test('the garbage of the start is collected once, later garbage when there is some', () => {
  const { heap, own } = fakeHeap(8);
  for (let second = 0; second < 100; second++) own.tend(second * 1000);
  expect(heap.collections).toBe(1);
  for (let second = 100; second < 220; second++) {
    heap.used += MIB / 4;
    own.tend(second * 1000);
    expect(heap.used - heap.live).toBeLessThanOrEqual(4 * MIB);
  }
  expect(heap.collections).toBeGreaterThanOrEqual(8);
  // Only the start leaves so much that giving memory back is worth a second collection.
  expect(heap.thorough).toBe(1);
});

test('at most once in fifteen seconds, however fast it comes', () => {
  const { heap, own } = fakeHeap(8);
  for (let tenth = 0; tenth <= 1200; tenth++) {
    heap.used += 5 * MIB;
    own.tend(tenth * 100);
  }
  // After a minute, and four times since.
  expect(heap.collections).toBe(5);
});

test('what stays alive is not collected again and again', () => {
  const { heap, own } = fakeHeap(8);
  own.tend(0);
  own.tend(60_000);
  own.tend(61_000);
  heap.live += 50 * MIB;
  heap.used = heap.live;
  for (let second = 62; second < 300; second++) own.tend(second * 1000);
  expect(heap.collections).toBe(2);
});

test('so seldom that collections take a twentieth of a percent of a core at most', () => {
  const { heap, own } = fakeHeap(8, 60);
  const seconds = 3_600;
  for (let second = 0; second < seconds; second++) {
    heap.used += MIB;
    own.tend(second * 1000);
  }
  expect(heap.collections * 60).toBeLessThanOrEqual(0.0005 * seconds * 1000 + 60);
  expect(heap.collections).toBeGreaterThanOrEqual(29);
});
