// Ten thousand damaged captures, the first of those that `npm run fuzz` makes: a result or the one right error.
import { expect, test } from 'vitest';
import { Random } from '../../packages/exporter/test/memray/random.js';
import { pickCapture, readCorpus } from './corpus.js';
import { exercise } from './exercise.js';
import { mutate, seedOf } from './mutate.js';

const COUNT = 10_000;
const SEED = 1;
/** A minute and a half of work, on a machine that may be busy: it has taken four. */
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
  // Neither all nor none: damage happens in headers and behind them.
  expect(refused).toBeGreaterThan(COUNT / 100);
  expect(refused).toBeLessThan(COUNT / 2);
});
