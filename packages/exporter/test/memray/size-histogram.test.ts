import { expect, test } from 'vitest';
import { SizeHistogram } from '../../src/memray/size-histogram.js';

function histogram(sizes: Iterable<number>): SizeHistogram {
  const made = new SizeHistogram();
  for (const size of sizes) made.allocated(1, 0, 0, size);
  return made;
}

test('bars are equally wide on a logarithmic scale', () => {
  const bars = histogram([1, 10, 100, 1000, 10_000]).buckets(4);
  expect(bars.map(({ minBytes, maxBytes }) => [minBytes, maxBytes])).toEqual([
    [0, 9],
    [10, 99],
    [100, 999],
    [1000, 10_000],
  ]);
  expect(bars.map(({ count }) => count).reduce((a, b) => a + b)).toBe(5);
});

test('no sizes, only zeros, one size', () => {
  expect(histogram([]).buckets(10)).toEqual([]);
  expect(histogram([0, 0]).buckets(10)).toEqual([]);
  expect(
    histogram([0, 64])
      .buckets(10)
      .reduce((sum, { count }) => sum + count, 0),
  ).toBe(2);
  expect(
    histogram([1, 1, 0])
      .buckets(2)
      .map(({ count }) => count),
  ).toEqual([3, 0]);
});

test('beyond a million sizes none is lost', () => {
  function* sizes() {
    for (let size = 1; size <= 1_200_000; size += 1) yield size * 3;
  }
  const bars = histogram(sizes()).buckets(10);
  expect(bars.reduce((sum, { count }) => sum + count, 0)).toBe(1_200_000);
});
