import { describe, expect, test } from 'vitest';
import { likelyObjectSize, ObjectSizes } from '../../../../src/profiler-thread/ledger/state/object-size.js';

/** V8's bytes of one sample: its size times the rounded inverse of its sampling probability. */
function sampleBytes(size: number, interval: number): number {
  return size * Math.floor(1 / (1 - Math.exp(-size / interval)) + 0.5);
}

/** Returns the sizes that give the same sample bytes, by trying all. */
function sizesLike(size: number, interval: number): number[] {
  const bytes = sampleBytes(size, interval);
  const sizes: number[] = [];
  for (let other = 16; other <= bytes; other += 8) {
    if (sampleBytes(other, interval) === bytes) sizes.push(other);
  }
  return sizes;
}

test('finds a size exactly if no other one explains the sample', () => {
  const interval = 1024;
  let unique = 0;
  for (let size = 16; size <= 8192; size += 8) {
    if (sizesLike(size, interval).length > 1) continue;
    unique++;
    expect(likelyObjectSize(sampleBytes(size, interval), interval)).toBeCloseTo(size, 6);
  }
  expect(unique).toBeGreaterThan(100);
});

test('returns the geometric mean of several sizes that explain a sample', () => {
  const interval = 8192;
  let ambiguous = 0;
  for (let size = 16; size <= 1024; size += 8) {
    const sizes = sizesLike(size, interval);
    if (sizes.length === 1) continue;
    ambiguous++;
    const mean = Math.exp(sizes.reduce((logs, each) => logs + Math.log(each), 0) / sizes.length);
    expect(likelyObjectSize(sampleBytes(size, interval), interval)).toBeCloseTo(mean, 6);
  }
  expect(ambiguous).toBeGreaterThan(10);
});

test('finds sizes of several intervals exactly, as each object is a sample', () => {
  for (const interval of [1, 64, 8192, 512 * 1024]) {
    for (const factor of [16, 24, 128, 1024]) {
      const size = interval * factor;
      expect(likelyObjectSize(sampleBytes(size, interval), interval)).toBeCloseTo(size, 3);
    }
  }
});

test.each([
  { interval: 8192, median: 3, worst: 9 },
  { interval: 32 * 1024, median: 4, worst: 12 },
  { interval: 512 * 1024, median: 7, worst: 25 },
])(
  'small objects at interval $interval: off by a factor of $worst at most',
  ({ interval, median, worst }) => {
    const factors: number[] = [];
    for (let size = 16; size <= 512; size += 8) {
      const likely = likelyObjectSize(sampleBytes(size, interval), interval);
      factors.push(Math.max(likely / size, size / likely));
    }
    factors.sort((a, b) => a - b);
    expect(factors.at(-1)).toBeLessThan(worst);
    expect(factors[factors.length >> 1]).toBeLessThan(median);
  },
);

describe('sizes that V8 does not produce', () => {
  test.each([
    [0, 8],
    [-16, 8],
    [3, 8],
    [1001, 1001],
    [8, 8],
    [999_999_999, 8192],
  ])('%d gives something between a word and the interval', (bytes, expected) => {
    expect(likelyObjectSize(bytes, 8192)).toBe(expected);
  });
});

test('a cached answer is the same, for any number of sizes', () => {
  const sizes = new ObjectSizes(8192);
  for (let round = 0; round < 2; round++) {
    for (let words = 2; words < 5000; words++) {
      expect(sizes.likely(words * 8)).toBe(likelyObjectSize(words * 8, 8192));
    }
  }
});
