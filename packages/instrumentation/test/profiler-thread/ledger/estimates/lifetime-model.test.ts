import { describe, expect, test } from 'vitest';
import { LifetimeModel } from '../../../../src/profiler-thread/ledger/estimates/lifetime-model.js';
import { Random } from '../../../support/random.js';

type Lifetime = (random: Random) => number;

/** Observes objects at regular collections, in order of age; the first look is at a random age. */
function learn(
  lifetime: Lifetime,
  options: { every: number; samples?: number; firstLook?: number; prior?: LifetimeModel },
) {
  const { every, samples = 4_000, firstLook = 0, prior } = options;
  const model = new LifetimeModel(prior, 1_000);
  const random = new Random(7);
  for (let i = 0; i < samples; i++) {
    const life = lifetime(random);
    let known = firstLook * random.next();
    // Objects that are unreachable before the first look are never seen.
    if (life < known) continue;
    for (let age = known + every * random.next(); ; age += every) {
      if (life < age) {
        model.observe(known, age, true);
        break;
      }
      model.observe(known, age, false);
      known = age;
      if (age > 40 * every) break;
    }
  }
  return model;
}

const exponential =
  (mean: number): Lifetime =>
  (random) =>
    -mean * Math.log(1 - random.next());

describe.each([3, 30, 300])('lifetimes of %i units, observed by collections every 40', (mean) => {
  test('are estimated', () => {
    const model = learn(exponential(mean), { every: 40 });
    for (const part of [0.5, 1, 2]) {
      const age = Math.max(part * mean, 5);
      expect(Math.abs(model.reachableShare(0, age) - Math.exp(-age / mean))).toBeLessThan(0.1);
    }
  });

  test('are estimated if only objects reachable at a later age are ever seen', () => {
    const model = learn(exponential(mean), { every: 40, firstLook: mean });
    expect(Math.abs(model.reachableShare(mean, 2 * mean) - Math.exp(-1))).toBeLessThan(0.12);
  });
});

test('a ring that keeps each object equally long has as sharp an end as collections can show', () => {
  const model = learn(() => 640, { every: 100 });
  expect(model.reachableShare(0, 500)).toBeGreaterThan(0.9);
  expect(model.reachableShare(0, 900)).toBeLessThan(0.1);
});

test('a site that is never seen to lose objects keeps them, whatever the others do', () => {
  const pooled = learn(exponential(10), { every: 40 });
  const kept = learn(() => Number.POSITIVE_INFINITY, { every: 40, samples: 300, prior: pooled });
  expect(kept.reachableShare(0, 1_000)).toBeGreaterThan(0.95);
});

test('a call site without observations is like all others together', () => {
  const pooled = learn(exponential(30), { every: 40 });
  const site = new LifetimeModel(pooled);
  expect(site.reachableShare(0, 30)).toBeCloseTo(pooled.reachableShare(0, 30), 2);
});

test('an observation of several samples equals several observations', () => {
  const [bulk, single] = [new LifetimeModel(), new LifetimeModel()];
  bulk.observe(0, 20, true, 30);
  bulk.observe(0, 20, false, 10);
  for (let i = 0; i < 40; i++) single.observe(0, 20, i < 30);
  expect(bulk.reachableShare(0, 20)).toBeCloseTo(single.reachableShare(0, 20), 2);
  expect(bulk.reachableShare(0, 20)).toBeCloseTo(0.25, 1);
});

test('follows a program that changes', () => {
  const model = new LifetimeModel();
  for (let i = 0; i < 1_000; i++) model.observe(0, 20, true);
  for (let i = 0; i < 500; i++) model.observe(0, 20, false);
  expect(model.reachableShare(0, 20)).toBeGreaterThan(0.9);
});

test('ages and shares at the ends of the scale are between 0 and 1', () => {
  const model = learn(exponential(1), { every: 1 });
  model.observe(1e12, 1e13, true);
  for (const [from, to] of [
    [0, 0],
    [0, 1e12],
    [1e9, 1e15],
    [5, 4],
    [0, Number.POSITIVE_INFINITY],
  ] as const) {
    const share = model.reachableShare(from, to);
    expect(share).toBeGreaterThanOrEqual(0);
    expect(share).toBeLessThanOrEqual(1);
  }
});

/** Observes exponential lifetimes at random ages, so that nearly all intervals of the scale occur. */
function learnAtRandomAges(mean: number, prior: LifetimeModel, seed: number): LifetimeModel {
  const random = new Random(seed);
  const model = new LifetimeModel(prior);
  for (let i = 0; i < 20_000; i++) {
    const known = random.exponential(mean);
    const age = known + random.exponential(mean);
    model.observe(known, age, random.next() > Math.exp((known - age) / mean));
  }
  return model;
}

describe('a model with very many different intervals', () => {
  const pooled = learn(exponential(30), { every: 40 });

  test('estimates as well as with few', () => {
    for (const mean of [3, 30, 300]) {
      const model = learnAtRandomAges(mean, pooled, 11);
      for (const part of [0.5, 1, 2]) {
        const age = Math.max(part * mean, 5);
        expect(Math.abs(model.reachableShare(0, age) - Math.exp(-age / mean)), `${mean}`).toBeLessThan(0.1);
      }
    }
  });

  test('takes little memory, also after a long time', () => {
    global.gc?.();
    const before = process.memoryUsage().heapUsed;
    const models = Array.from({ length: 100 }, (_, seed) => learnAtRandomAges(1_000, pooled, seed));
    global.gc?.();
    const bytes = (process.memoryUsage().heapUsed - before) / models.length;
    expect(bytes).toBeLessThan(24 * 1024);
  });
});
