import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Ledger } from '../../../src/profiler-thread/ledger/index.js';
import { allocated, sum } from '../../support/ledger-sums.js';
import { INTERVAL, type Program, simulate, site, summary } from '../../support/simulated-run.js';

const lifetimes = fc.constantFrom(0.01, 20, 60, 400, 5_000, Number.POSITIVE_INFINITY);

const programs = fc
  .record({
    sites: fc.array(
      fc.record({
        weight: fc.integer({ min: 1, max: 100 }),
        lifetime: lifetimes,
        objectBytes: fc.constantFrom(16, 96, 4_096, 300_000, 2 ** 21),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    seconds: fc.integer({ min: 1, max: 25 }),
    meanGapMillis: fc.constantFrom(50, 200, 700, 3_000),
    pairMillis: fc.option(fc.constantFrom(1, 4, 20, 60), { nil: undefined }),
    survivalsToPromotion: fc.constantFrom(1 as const, 2 as const),
    profileMillis: fc.option(fc.constantFrom(150, 1_100), { nil: undefined }),
  })
  .map(({ sites, pairMillis, profileMillis, ...rest }): Program => {
    const total = sites.reduce((all, { weight }) => all + weight, 0);
    return {
      ...rest,
      ...(pairMillis && { pairMillis }),
      ...(profileMillis && { profileMillis }),
      sites: sites.map(({ weight, lifetime, objectBytes }, at) =>
        site(
          `f${at}`,
          (100 * weight) / total,
          (random) => (lifetime < 1 ? lifetime : random.exponential(lifetime)),
          objectBytes,
        ),
      ),
    };
  });

/** Checks the ledger's events in each window against V8's own count of samples. */
function checkWindows() {
  const told = { samples: 0, bytes: 0, seenBytes: 0 };
  let bytesBefore = 0;
  let listening: Ledger | undefined;
  const listen = (ledger: Ledger) => {
    listening = ledger;
    ledger.addListener({
      allocated(_id, _node, bytes) {
        told.seenBytes += bytes;
      },
      freed: () => {},
      estimated(_node, samples, bytes) {
        expect(samples).toBeGreaterThanOrEqual(0);
        expect(bytes).toBeGreaterThanOrEqual(0);
        told.samples += samples;
        told.bytes += bytes;
      },
    });
    // Bytes seen before the listener was added. The first poll estimates nothing.
    bytesBefore = sum(allocated(ledger));
    expect(ledger.counts.unseenSamples - ledger.counts.pendingSamples).toBe(0);
  };
  return (ledger: Ledger, newest: number) => {
    if (listening !== ledger) listen(ledger);
    const { samples, unseenSamples, pendingSamples } = ledger.counts;
    expect(samples).toBe(newest);
    // Sites and `(unobserved)` hold what is attributed, the rest is pending: nothing is lost or duplicated.
    expect(told.samples + pendingSamples).toBeCloseTo(unseenSamples, 6);
    expect(ledger.pendingBytes).toBe(pendingSamples * INTERVAL);
    const bytes = bytesBefore + told.seenBytes + told.bytes;
    expect(Math.abs(sum(allocated(ledger)) - bytes)).toBeLessThanOrEqual(1e-9 * bytes);
  };
}

test('in every window of any program, sites, unobserved and pending add up to all samples taken', () => {
  fc.assert(
    fc.property(programs, fc.integer({ min: 1, max: 1 << 30 }), (program, seed) => {
      const check = checkWindows();
      let before = 0;
      let newest = 0;
      let readings = 0;
      const run = simulate(seed, {
        ...program,
        onReading(ledger, heap) {
          for (const ordinal of heap.live) newest = Math.max(newest, ordinal);
          check(ledger, newest);
          readings++;
          const bytes = sum(allocated(ledger));
          expect(bytes).toBeGreaterThanOrEqual(before * (1 - 1e-12));
          before = bytes;
        },
      });
      expect(readings).toBeGreaterThan(1);
      expect(Number.isFinite(run.total)).toBe(true);
      expect(run.statedError).toBeGreaterThanOrEqual(0);
      expect(run.statedError).toBeLessThanOrEqual(100);
    }),
    { seed: 5, numRuns: 60 },
  );
});

test('over hundreds of programs of any kind, the total has no bias, and its error is that of sampling', () => {
  const RUNS = 400;
  const seconds = 3;
  const excesses: number[] = [];
  fc.assert(
    fc.property(programs, fc.integer({ min: 1, max: 1 << 30 }), (program, seed) => {
      const { sites } = program;
      // Without statistics an unseen sample counts as one interval, which is wrong for large objects.
      const small = sites.map((one) => ({ ...one, objectBytes: Math.min(one.objectBytes, 4_096) }));
      const run = simulate(seed, { ...program, sites: small, seconds, meanGapMillis: 80, pairMillis: 2 });
      excesses.push(run.total - 1);
    }),
    { seed: 6, numRuns: RUNS },
  );
  // At a sample per ms, their number is a Poisson variable.
  const standardError = 1 / Math.sqrt(1000 * seconds);
  const { mean, rms } = summary(excesses);
  expect(excesses).toHaveLength(RUNS);
  expect(Math.abs(mean)).toBeLessThan(0.005);
  expect(rms).toBeLessThan(1.1 * standardError);
  for (const excess of excesses) expect(Math.abs(excess)).toBeLessThan(5 * standardError);
});
