import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mannKendallScore, median, theilSenSlope } from '../../../src/profiler-thread/leaks/trend.js';

test('the slope of a line is its slope, and one outlier does not move it', () => {
  const line = Array.from({ length: 12 }, (_, i) => 5 + 3 * i);
  expect(theilSenSlope(line)).toBe(3);
  expect(theilSenSlope(line.with(4, 1000))).toBeCloseTo(3, 10);
});

test('no value, one value and equal values have no trend', () => {
  for (const values of [[], [7], [7, 7, 7, 7]]) {
    expect(theilSenSlope(values)).toBe(0);
    expect(mannKendallScore(values)).toBe(0);
  }
});

test('the score of twelve rising values is the published (S - 1) / sd', () => {
  const rising = Array.from({ length: 12 }, (_, i) => i);
  expect(mannKendallScore(rising)).toBeCloseTo(65 / Math.sqrt((12 * 11 * 29) / 18), 12);
});

test('reversing the values reverses the sign of both', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 20 }),
      (values) => {
        const back = values.toReversed();
        expect(theilSenSlope(back)).toBeCloseTo(-theilSenSlope(values), 9);
        expect(mannKendallScore(back)).toBeCloseTo(-mannKendallScore(values), 9);
      },
    ),
    { seed: 51, numRuns: 1000 },
  );
});

test('values without a trend score above 2.33 in about one case in a hundred', () => {
  let seed = 12345;
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  const runs = 4000;
  let high = 0;
  for (let run = 0; run < runs; run++) {
    if (mannKendallScore(Array.from({ length: 12 }, random)) > 2.33) high++;
  }
  expect(high / runs).toBeGreaterThan(0.004);
  expect(high / runs).toBeLessThan(0.016);
});

test('the median of an even number is the mean of the middle two', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([9, 1, 5])).toBe(5);
});
