import { describe, expect, test } from 'vitest';
import { newLedger } from '../../support/ledger-sums.js';
import { Random } from '../../support/random.js';
import { Readings, range, samplesOf } from '../../support/readings.js';
import { SimulatedHeap } from '../../support/simulated-heap.js';

describe('consecutive polls', () => {
  test('count what is new, what is gone, and what was born and died unseen', () => {
    const ledger = newLedger();
    const readings = new Readings();
    const update = (ordinals: number[], at: number) =>
      ledger.update(readings.of(samplesOf('main', 64, ordinals)), at);
    // V8 does not sort samples.
    expect(update([4, 1], 0)).toMatchObject({
      status: 'ok',
      fresh: 2,
      freed: 0,
      unseen: 2,
      live: 2,
      isComplete: false,
    });
    expect(update([1, 4], 1)).toMatchObject({
      status: 'ok',
      fresh: 0,
      freed: 0,
      unseen: 0,
      live: 2,
      isComplete: true,
    });
    expect(update([9, 1, 7], 2)).toMatchObject({
      status: 'ok',
      fresh: 2,
      freed: 1,
      unseen: 3,
      live: 3,
      isComplete: false,
    });
    expect(update([], 3)).toMatchObject({
      status: 'ok',
      fresh: 0,
      freed: 3,
      unseen: 0,
      live: 0,
      isComplete: false,
    });
    expect(update([10], 4)).toMatchObject({
      status: 'ok',
      fresh: 1,
      freed: 0,
      unseen: 0,
      live: 1,
      isComplete: true,
    });
    expect(ledger.counts).toMatchObject({ samples: 10, unseenSamples: 5, pendingSamples: 5, liveSamples: 1 });
  });

  test('of an idle program change nothing', () => {
    const ledger = newLedger();
    expect(ledger.update(new Readings().of([]), 0)).toMatchObject({
      status: 'ok',
      fresh: 0,
      freed: 0,
      unseen: 0,
      live: 0,
      isComplete: true,
    });
    expect(ledger.counts.samples).toBe(0);
  });
});

test.each(range(1, 20))('counts are exact against a simulated heap (seed %d)', (seed) => {
  const random = new Random(seed);
  const heap = new SimulatedHeap({
    seed,
    samplingInterval: 8192,
    scavengeBytes: 1_000_000,
    majorMillis: 400,
    sites: [
      { name: 'short', bytesPerMilli: 40_000, objectBytes: 96, lifetimeMillis: () => 0.01 },
      { name: 'mid', bytesPerMilli: 10_000, objectBytes: 4096, lifetimeMillis: (r) => r.exponential(100) },
      { name: 'rare', bytesPerMilli: 100, objectBytes: 64, lifetimeMillis: (r) => r.exponential(20) },
    ],
  });
  const ledger = newLedger({ samplingInterval: 8192 });
  const freedIds = new Set<number>();
  const allocatedIds = new Set<number>();
  ledger.addListener({
    allocated: (id) => allocatedIds.add(id),
    freed: (id) => freedIds.add(id),
    estimated: () => {},
  });
  const everSeen = new Set<number>();
  let before = new Set<number>();
  let newest = 0;
  for (let at = 0; at < 2000; at += 1 + random.exponential(60)) {
    heap.runTo(at);
    const live = new Set(heap.live);
    const fresh = [...live].filter((ordinal) => !everSeen.has(ordinal));
    const freed = [...before].filter((ordinal) => !live.has(ordinal)).length;
    const newestShown = Math.max(newest, ...live);
    const unseen = newestShown - newest - fresh.length;
    const expected = {
      status: 'ok',
      fresh: fresh.length,
      freed,
      unseen,
      live: live.size,
      isComplete: unseen === 0 && freed === 0,
    };
    expect(ledger.update(heap.reading(), at)).toMatchObject(expected);
    for (const ordinal of fresh) everSeen.add(ordinal);
    before = live;
    newest = newestShown;
  }
  const { counts } = ledger;
  expect(counts.samples).toBe(newest);
  expect(heap.taken - counts.samples).toBeLessThan(300);
  expect(counts.unseenSamples).toBe(newest - everSeen.size);
  expect(counts.unseenSamples).toBeGreaterThan(everSeen.size);
  expect(counts.liveSamples).toBe(before.size);
  expect(allocatedIds.size).toBe(everSeen.size);
  expect(freedIds.size).toBe(everSeen.size - before.size);
});

test('live samples keep the time when they were first seen, and their id', () => {
  const ledger = newLedger();
  const readings = new Readings();
  ledger.update(readings.of(samplesOf('main', 64, [1])), 100);
  ledger.update(readings.of(samplesOf('main', 64, [1, 3])), 200);
  const seen: [number, number, number][] = [];
  ledger.forEachLive((id, _node, bytes, firstSeen) => seen.push([id, bytes, firstSeen]));
  expect(seen).toEqual([
    [1, 64, 100],
    [2, 64, 200],
  ]);
});
