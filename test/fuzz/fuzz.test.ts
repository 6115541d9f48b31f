// Reads thousands of damaged captures, the first of those of `npm run fuzz`: each gives a result or the expected error.
import { expect, test } from 'vitest';
import { Random } from '../../packages/exporter/test/memray/support/random.js';
import { pickCapture, readCorpus } from './corpus.js';
import { exercise } from './exercise.js';
import { mutate, seedOf } from './mutate.js';

const COUNT = 3_000;
const SEED = 1;
/** Limit for half a minute of work, because the machine may be busy. */
const TIMEOUT_MILLIS = 1_800_000;

test('damaged captures are read up to the damage or refused in one line', { timeout: TIMEOUT_MILLIS }, () => {
  const corpus = readCorpus();
  let refused = 0;
  for (let number = 0; number < COUNT; number += 1) {
    const random = new Random(seedOf(SEED, number));
    const bytes = mutate(pickCapture(corpus, random), random, corpus);
    try {
      refused += exercise(bytes) > 0 ? 1 : 0;
    } catch (cause) {
      throw new Error(`npm run fuzz -- --seed ${SEED} --first ${number} --count 1`, { cause });
    }
  }
  // Some are refused, but not all: damage happens in headers and after them.
  expect(refused).toBeGreaterThan(COUNT / 100);
  expect(refused).toBeLessThan(COUNT / 2);
});
