import { expect, test } from 'vitest';
import { Births } from '../../../../src/profiler-thread/ledger/estimates/births.js';
import { LifetimeModel } from '../../../../src/profiler-thread/ledger/estimates/lifetime-model.js';
import { Scavenges } from '../../../../src/profiler-thread/ledger/estimates/scavenges.js';
import { LiveSamples } from '../../../../src/profiler-thread/ledger/state/live-samples.js';
import { Random } from '../../../support/random.js';

test('positions are evenly spaced, and the last one is where samples are missing', () => {
  const scavenges = new Scavenges();
  expect(scavenges.since(100, 1)).toEqual([100]);
  expect(scavenges.since(300, 2)).toEqual([200, 300]);
  expect(scavenges.since(300, 0)).toEqual([]);
});

test('a scavenge reported late is found anyway, and not counted twice', () => {
  const scavenges = new Scavenges();
  for (let at = 100; at <= 1_000; at += 100) scavenges.since(at, 1);
  expect(scavenges.since(1_100, 0)).toEqual([1_100]);
  expect(scavenges.since(1_100, 1)).toEqual([]);
  expect(scavenges.since(1_200, 1)).toEqual([1_200]);
});

test('a major collection empties the young generation, so that spacing restarts there', () => {
  const scavenges = new Scavenges();
  for (let at = 100; at <= 1_000; at += 100) scavenges.since(at, 1);
  expect(scavenges.amongMajors(1_420, 3, [1_250])).toEqual([1_100, 1_200, 1_320, 1_420]);
});

test('no scavenge is later than the newest missing sample', () => {
  const scavenges = new Scavenges();
  for (let at = 100; at <= 1_000; at += 100) scavenges.since(at, 1);
  // The sweep was at 1,130 or later, as samples from before it are missing up to there.
  for (const swept of [1_090, 1_130, 1_190]) expect(scavenges.isLast(swept, 1_130)).toBe(true);
  expect(scavenges.isLast(1_030, 1_130)).toBe(false);
  expect(scavenges.amongMajors(1_130, 1, [1_240])).toEqual([1_030, 1_130]);
});

test('a restarted sampler counts from one', () => {
  const scavenges = new Scavenges();
  scavenges.since(5_000, 5);
  scavenges.forget();
  expect(scavenges.missing).toBe(0);
  expect(scavenges.since(10, 1)).toEqual([10]);
});

/**
 * Makes a heap with samples up to an ordinal, in which collections at these ordinals freed unreachable
 * samples.
 */
function heapWith(newest: number, collections: readonly number[], lives: readonly number[]) {
  const live = new LiveSamples();
  for (let ordinal = 1; ordinal <= newest; ordinal++) {
    const isGone = collections.some((at) => at >= ordinal && at - ordinal >= lives[ordinal]!);
    if (!isGone) live.add({ ordinal, size: 1, nodeId: 1 }, 0, 1);
  }
  return live;
}

test('unseen samples show how long objects live', () => {
  const model = new LifetimeModel(undefined, 1_000);
  const births = new Births(model);
  const random = new Random(3);
  for (let round = 0; round < 20; round++) {
    // Four in five live for 2 samples, the others for long.
    const lives = Array.from({ length: 401 }, () => (random.next() < 0.8 ? 2 : 1_000));
    births.note([200, 400], heapWith(400, [200, 400], lives), round, 1);
    births.learn([]);
  }
  expect(births.survival).toBeCloseTo(0.2, 1);
  expect(model.reachableShare(0, 100)).toBeCloseTo(0.2, 1);
  expect(model.reachableShare(20, 150)).toBeGreaterThan(0.85);
});

test('a major collection reported later spoils the cohort; one after the cohort does not', () => {
  const model = new LifetimeModel();
  const births = new Births(model);
  const lives = Array.from({ length: 401 }, () => 2);
  births.note([200, 400], heapWith(400, [200, 400], lives), 1_000, 1);
  births.learn([990]);
  expect(births.survival).toBeUndefined();
  births.note([200, 400], heapWith(400, [200, 400], lives), 1_000, 1);
  births.learn([1_010]);
  expect(births.survival).toBeLessThan(0.05);
});
