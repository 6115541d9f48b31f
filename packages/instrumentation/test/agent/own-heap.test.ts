import { expect, test } from 'vitest';
import { OwnHeap } from '../../src/agent/own-heap.js';

const MIB = 2 ** 20;

function fakeHeap(startMib: number) {
  const heap = { used: startMib * MIB, live: startMib * MIB, collections: 0 };
  const own = new OwnHeap({
    usedBytes: () => heap.used,
    collect: () => {
      heap.collections++;
      heap.used = heap.live;
    },
  });
  return { heap, own };
}

test('garbage is collected when there is some, and not otherwise', () => {
  const { heap, own } = fakeHeap(8);
  for (let second = 0; second < 100; second++) own.tend(second * 1000);
  expect(heap.collections).toBe(0);
  for (let second = 100; second < 160; second++) {
    heap.used += MIB;
    own.tend(second * 1000);
    expect(heap.used - heap.live).toBeLessThanOrEqual(11 * MIB);
  }
  expect(heap.collections).toBeGreaterThanOrEqual(5);
});

test('at most once in ten seconds, however fast it comes', () => {
  const { heap, own } = fakeHeap(8);
  for (let tenth = 0; tenth <= 600; tenth++) {
    heap.used += 5 * MIB;
    own.tend(tenth * 100);
  }
  expect(heap.collections).toBeGreaterThanOrEqual(5);
  expect(heap.collections).toBeLessThanOrEqual(7);
});

test('what stays alive is not collected again and again', () => {
  const { heap, own } = fakeHeap(8);
  own.tend(0);
  heap.live += 50 * MIB;
  heap.used = heap.live;
  for (let second = 1; second < 300; second++) own.tend(second * 1000);
  expect(heap.collections).toBe(1);
});
