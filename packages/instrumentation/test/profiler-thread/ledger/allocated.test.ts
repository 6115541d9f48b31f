import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Ledger } from '../../../src/profiler-thread/ledger/index.js';
import { allocated, INTERVAL, inUse, newLedger, sum } from '../../support/ledger-sums.js';
import { Random } from '../../support/random.js';
import { Readings, range, samplesOf } from '../../support/readings.js';
import { SimulatedHeap } from '../../support/simulated-heap.js';

/** Adds up the events of a listener. */
function follow(ledger: Ledger) {
  const told = { allocatedBytes: 0, estimatedBytes: 0, estimatedSamples: 0, events: [] as string[] };
  ledger.addListener({
    allocated(id, node, bytes) {
      told.allocatedBytes += bytes;
      told.events.push(`allocated ${id} ${node} ${bytes}`);
    },
    freed: (id) => void told.events.push(`freed ${id}`),
    estimated(node, samples, bytes) {
      told.estimatedBytes += bytes;
      told.estimatedSamples += samples;
      told.events.push(`estimated ${node} ${samples} ${bytes}`);
    },
  });
  return told;
}

/** Adds a complete pair with samples of `main > parse` that are all dead at the next poll. */
function completePair(ledger: Ledger, readings: Readings, options: { pairMillis: number; deaths: number }) {
  const before = ledger.counts.samples;
  const born = range(before + 1, before + options.deaths);
  ledger.update(readings.of([]), 0);
  ledger.update(readings.of(samplesOf('main > parse', 100, born)), 0, options.pairMillis);
  ledger.update(readings.of([]), 0);
}

describe('allocated bytes', () => {
  test('count each sample seen alive once, when it is first seen', () => {
    const ledger = newLedger();
    const readings = new Readings();
    ledger.update(readings.of(samplesOf('main', 100, [1, 2])), 0);
    ledger.update(readings.of(samplesOf('main', 100, [1, 2, 3])), 1);
    expect(allocated(ledger)).toEqual({ main: 300 });
  });

  test('count unseen samples only when they are attributed', () => {
    const ledger = newLedger();
    const readings = new Readings();
    completePair(ledger, readings, { pairMillis: 4, deaths: 64 });
    ledger.update(readings.of(samplesOf('main > render', 100, [64 + 1 + 50])), 1);
    expect(ledger.counts).toMatchObject({ unseenSamples: 50, pendingSamples: 50, shortLivedSamples: 64 });
    expect(allocated(ledger)).toEqual({ 'main > parse': 6_400, 'main > render': 100 });
    ledger.attribute(1, true);
    expect(ledger.counts).toMatchObject({ unseenSamples: 50, pendingSamples: 0 });
    expect(allocated(ledger)).toEqual({ 'main > parse': 6_400 + 5_000, 'main > render': 100 });
  });

  test('without statistics belong to a separate stack, one interval per sample', () => {
    const ledger = newLedger();
    ledger.update(new Readings().of(samplesOf('main', 100, [11])), 0);
    ledger.attribute(0, true);
    expect(allocated(ledger)).toEqual({ main: 100, '(unobserved)': 10 * INTERVAL });
    expect(ledger.unobservedNode).not.toBe(0);
  });
});

describe('short-lived samples', () => {
  const pairs = (second: number[], next: number[], pairMillis: number | undefined, first: number[] = []) => {
    const ledger = newLedger();
    const readings = new Readings();
    ledger.update(readings.of(samplesOf('main', 100, first)), 0);
    ledger.update(readings.of(samplesOf('main', 100, [...first, ...second])), 1, pairMillis);
    ledger.update(readings.of(samplesOf('main', 100, next)), 2);
    return ledger.counts.shortLivedSamples;
  };

  test('are the samples of a complete pair that are gone at the next poll', () => {
    expect(pairs([1, 2, 3], [2], 4)).toBe(2);
    expect(pairs([1, 2, 3], [1, 2, 3], 4)).toBe(0);
    // The first sample was there before the pair.
    expect(pairs([2, 3], [2], 4, [1])).toBe(1);
  });

  test('are not counted in a pair with a missing sample', () => {
    expect(pairs([1, 3], [], 4)).toBe(0);
  });

  test('are not counted in a pair in which a collection ran', () => {
    const ledger = newLedger();
    const readings = new Readings();
    ledger.update(readings.of(samplesOf('main', 100, [1, 2])), 0);
    ledger.update(readings.of(samplesOf('main', 100, [2, 3, 4])), 1, 5);
    ledger.update(readings.of([]), 2);
    expect(ledger.counts.shortLivedSamples).toBe(0);
  });

  test('are not counted in polls that are not a pair', () => {
    expect(pairs([1, 2, 3], [], undefined)).toBe(0);
  });

  test('are determined by the next poll only, whatever that was for', () => {
    const ledger = newLedger();
    const readings = new Readings();
    ledger.update(readings.of([]), 0);
    ledger.update(readings.of(samplesOf('main', 100, [1, 2])), 1, 5);
    ledger.update(readings.of(samplesOf('main', 100, [1, 2])), 2);
    ledger.update(readings.of([]), 3);
    expect(ledger.counts.shortLivedSamples).toBe(0);
  });

  test('of a longer pair weigh less', () => {
    const ledger = newLedger();
    const readings = new Readings();
    completePair(ledger, readings, { pairMillis: 10, deaths: 40 });
    const before = ledger.counts.samples;
    ledger.update(readings.of(samplesOf('timer', 100, range(before + 1, before + 40))), 0, 5);
    ledger.update(readings.of(samplesOf('main', 1, [before + 40 + 1 + 30])), 0);
    ledger.attribute(0, true);
    const estimates = allocated(ledger);
    expect(estimates['main > parse']! - 4000).toBeCloseTo(10 * 100, 6);
    expect(estimates.timer! - 4000).toBeCloseTo(20 * 100, 6);
  });
});

test('a sampler without short-lived objects gives the total, charged to (unobserved), and what is in use', () => {
  const ledger = newLedger();
  ledger.samplerStarted(false);
  const readings = new Readings();
  const told = follow(ledger);
  ledger.update(readings.of(samplesOf('main', 100, [5, 6])), 0);
  ledger.attribute(0, false);
  expect(inUse(ledger)).toEqual({ main: 200 });
  expect(allocated(ledger)).toEqual({ '(unobserved)': 200 + 4 * INTERVAL });
  expect(told.events).toHaveLength(3);
});

const operations = fc.array(
  fc.record({
    runMillis: fc.integer({ min: 1, max: 300 }),
    pair: fc.boolean(),
    settle: fc.constantFrom('no', 'due', 'force' as const),
    loss: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);

test('counters never decrease and nothing is lost over any sequence of polls and attributions', () => {
  fc.assert(
    fc.property(operations, fc.integer({ min: 0, max: 1 << 30 }), (steps, seed) => {
      const heap = new SimulatedHeap({
        seed,
        samplingInterval: 16_384,
        scavengeBytes: 640_000,
        majorMillis: 500,
        sites: [
          { name: 'short', bytesPerMilli: 12_000, objectBytes: 48, lifetimeMillis: () => 0.01 },
          { name: 'mid', bytesPerMilli: 4_000, objectBytes: 9_000, lifetimeMillis: (r) => r.exponential(90) },
        ],
      });
      const ledger = newLedger({ samplingInterval: 16_384 });
      const told = follow(ledger);
      let now = 0;
      let before: Record<string, number> = {};
      let objectsBefore: number[] = [];
      for (const { runMillis, pair, settle, loss } of steps) {
        now += runMillis;
        heap.runTo(now);
        ledger.update(heap.reading(), now, pair ? runMillis : undefined);
        if (settle !== 'no') ledger.attribute(now, settle === 'force');
        if (loss && runMillis > 290) {
          ledger.samplerLost();
          heap.restartSampler();
        }
        const after = allocated(ledger);
        for (const [stack, bytes] of Object.entries(before)) {
          expect(after[stack]).toBeGreaterThanOrEqual(bytes);
        }
        before = after;
        const objects = Array.from({ length: ledger.tree.size }, (_, node) => ledger.allocatedObjects(node));
        for (const [node, count] of objectsBefore.entries())
          expect(objects[node]).toBeGreaterThanOrEqual(count);
        objectsBefore = objects;
        const { counts } = ledger;
        expect(sum(after)).toBeCloseTo(told.allocatedBytes + told.estimatedBytes, 3);
        expect(told.estimatedSamples + counts.pendingSamples).toBeCloseTo(counts.unseenSamples, 6);
      }
    }),
    { seed: 2, numRuns: 200 },
  );
});

describe('a listener', () => {
  test('gets every event in order, until it is removed', () => {
    const ledger = newLedger();
    const readings = new Readings();
    const told = follow(ledger);
    const silent = {
      allocated: () => expect.fail(),
      freed: () => expect.fail(),
      estimated: () => expect.fail(),
    };
    ledger.addListener(silent);
    ledger.removeListener(silent);
    ledger.update(readings.of(samplesOf('main', 100, [1, 2]), { main: 180 }), 0);
    ledger.update(readings.of(samplesOf('main', 100, [2, 5])), 1);
    ledger.attribute(1, true);
    const node = ledger.tree.child(0, {
      functionName: 'main',
      url: 'file:///app/main.js',
      lineNumber: 0,
      columnNumber: 0,
    });
    // Frees come before allocations.
    expect(told.events).toEqual([
      `allocated 1 ${node} 90`,
      `allocated 2 ${node} 90`,
      'freed 1',
      `allocated 3 ${node} 100`,
      `estimated ${ledger.unobservedNode} 2 ${2 * INTERVAL}`,
    ]);
  });
});

test('the likely size of objects is the mean over the samples seen of a stack', () => {
  const ledger = newLedger({ samplingInterval: 1024 });
  const readings = new Readings();
  // An object far above the interval is a sample of its own.
  ledger.update(readings.of([...samplesOf('main', 100_000, [1]), ...samplesOf('main', 20_000, [2])]), 0);
  const main = ledger.tree.child(0, {
    functionName: 'main',
    url: 'file:///app/main.js',
    lineNumber: 0,
    columnNumber: 0,
  });
  expect(ledger.likelyObjectBytes(main)).toBeCloseTo(60_000, 3);
  expect(ledger.likelyObjectBytes(ledger.unobservedNode)).toBeUndefined();
});

test('the bytes of a random program are exactly those of its samples', () => {
  const random = new Random(7);
  const ledger = newLedger();
  const readings = new Readings();
  let total = 0;
  let ordinal = 0;
  for (let at = 0; at < 200; at++) {
    const size = 8 * (1 + random.below(1000));
    const born = range(ordinal + 1, ordinal + random.below(5));
    ordinal += born.length;
    total += size * born.length;
    ledger.update(readings.of(samplesOf(`f${random.below(9)}`, size, born)), at);
  }
  expect(sum(allocated(ledger))).toBe(total);
});
