import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { roundColumns } from '../../src/profile/build/round-values.js';
import { addSamples, heapBuilder, samplesOf } from './arbitrary-profile.js';

/** Multiples of 1/64: their sums are exact, so that the expected sum is too. */
const sixtyFourths = fc.integer({ min: -(2 ** 30), max: 2 ** 30 }).map((value) => value / 64);

describe('roundColumns', () => {
  test('carries the rounding error of a column', () => {
    const values = Float64Array.of(0.25, 0.25, 0.25, 0.25, 0.25, 0.25);
    roundColumns(values, 1);
    expect([...values]).toEqual([0, 1, 0, 0, 0, 1]);
  });

  test('keeps columns separate', () => {
    const values = Float64Array.of(0.5, 10, 0.5, 20, 0.5, 30);
    roundColumns(values, 2);
    expect([...values]).toEqual([1, 10, 0, 20, 1, 30]);
  });

  test('keeps integers unchanged, and zero positive', () => {
    const whole = [0, -0, 7, -7, Number.MAX_SAFE_INTEGER, 0];
    const values = Float64Array.from([0.4, ...whole]);
    roundColumns(values, 1);
    expect([...values]).toEqual([0, 0, 0, 7, -7, Number.MAX_SAFE_INTEGER, 0]);
  });

  test('the sum of the rounded column is the rounded sum, and no value changes by one or more', () => {
    fc.assert(
      fc.property(fc.array(sixtyFourths, { maxLength: 200 }), (given) => {
        const values = Float64Array.from(given);
        roundColumns(values, 1);
        const sum = given.reduce((total, value) => total + value, 0);
        expect(values.reduce((total, value) => total + value, 0)).toBe(Math.round(sum) + 0);
        values.forEach((value, at) => {
          expect(Number.isInteger(value)).toBe(true);
          expect(Math.abs(value - given[at]!)).toBeLessThan(1);
        });
      }),
    );
  });
});

test('a profile keeps the sums of the added values', () => {
  fc.assert(
    fc.property(samplesOf(sixtyFourths, 4), (samples) => {
      const profile = addSamples(heapBuilder(), samples).build();
      for (let column = 0; column < 4; column++) {
        let found = 0;
        for (let sample = 0; sample < profile.sampleCount; sample++) found += profile.value(sample, column);
        const added = samples.reduce((total, { values }) => total + values[column]!, 0);
        expect(found).toBe(Math.round(added) + 0);
      }
    }),
  );
});
