import { beforeAll, describe, expect, test } from 'vitest';
import { PollSchedule } from '../../src/source/poll-schedule.js';
import { allocated, newLedger, sum } from '../support/ledger-sums.js';
import { Random } from '../support/random.js';
import { range } from '../support/readings.js';
import { SimulatedHeap, type SimulatedSite } from '../support/simulated-heap.js';

const INTERVAL = 512 * 1024;
/** A sample a millisecond, and with a young generation of 16 MiB a scavenge every 32. */
const BYTES_PER_MILLI = 512 * 1024;
const SCAVENGE_BYTES = 16 * 1024 * 1024;

interface Program {
  /** Each with its true share of the bytes, in percent. */
  readonly sites: readonly (SimulatedSite & { readonly share: number })[];
  readonly seconds: number;
  /** Of the exponential gaps between pairs. */
  readonly meanGapMillis: number;
  /** Fixed; otherwise the schedule follows the rate. */
  readonly pairMillis?: number;
  /** Somebody asks for a profile every so often. */
  readonly profileMillis?: number;
  readonly scavenges?: 'regular' | 'random';
}

interface Run {
  /** By site: estimated share minus true share, in points. */
  readonly errors: Readonly<Record<string, number>>;
  /** The same when only what was seen alive is counted. */
  readonly naiveErrors: Readonly<Record<string, number>>;
  /** Estimated bytes over true bytes. */
  readonly total: number;
}

/** Lets the program run under pairs of readings at random moments, and compares with the truth. */
function simulate(seed: number, program: Program): Run {
  const { sites, scavenges = 'regular' } = program;
  const random = new Random(seed * 7919);
  const heap = new SimulatedHeap({
    seed,
    samplingInterval: INTERVAL,
    sites,
    scavengeBytes: SCAVENGE_BYTES,
    scavenges,
    majorMillis: 2000,
  });
  const ledger = newLedger({ samplingInterval: INTERVAL });
  const seen: Record<string, number> = {};
  ledger.addListener({
    allocated(_id, node, bytes) {
      const name = ledger.tree.frame(node)!.functionName;
      seen[name] = (seen[name] ?? 0) + bytes;
    },
    freed: () => {},
    estimated: () => {},
  });
  const schedule = new PollSchedule({
    samplingInterval: INTERVAL,
    cpuBudget: 1,
    minGapMillis: program.meanGapMillis,
    maxGapMillis: program.meanGapMillis,
    random: random.next,
  });
  let now = 0;
  let last = 0;
  const read = (pairMillis?: number) => {
    heap.runTo(now);
    const change = ledger.absorb(heap.reading(), now, pairMillis);
    if (change.status !== 'ok') throw new Error('not this sampler');
    schedule.recordRate(change.fresh + change.unseen, now - last);
    last = now;
    ledger.settle(now, false);
    return change.unseen === 0 && change.freed === 0;
  };
  let nextProfile = program.profileMillis ?? Number.POSITIVE_INFINITY;
  while (now < program.seconds * 1000) {
    const nextPair = now + schedule.nextGapMillis();
    for (; nextProfile < nextPair; nextProfile += program.profileMillis!) {
      now = nextProfile;
      read();
    }
    now = nextPair;
    read();
    const pairMillis = program.pairMillis ?? schedule.pairMillis;
    now += pairMillis;
    schedule.recordPair(read(pairMillis));
  }
  ledger.settle(now, true);
  const estimated = allocated(ledger);
  return {
    errors: shareErrors(estimated, sites),
    naiveErrors: shareErrors(seen, sites),
    total: sum(estimated) / (BYTES_PER_MILLI * now),
  };
}

function shareErrors(bytes: Record<string, number>, sites: Program['sites']): Record<string, number> {
  const total = sum(bytes);
  return Object.fromEntries(
    sites.map(({ name, share }) => [name, (100 * (bytes[name] ?? 0)) / total - share]),
  );
}

function meanOf(values: readonly number[]): { mean: number; standardError: number } {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, standardError: Math.sqrt(variance / values.length) };
}

function site(
  name: string,
  share: number,
  lifetimeMillis: SimulatedSite['lifetimeMillis'],
  objectBytes: number,
) {
  return { name, share, bytesPerMilli: (BYTES_PER_MILLI * share) / 100, objectBytes, lifetimeMillis };
}

const STEADY = [
  site('short', 79, () => 0.01, 96),
  site('mid', 20.5, (random) => random.exponential(150), 160),
  site('long', 0.5, () => Number.POSITIVE_INFINITY, 200),
];
const NAMES = STEADY.map(({ name }) => name);

describe('who allocates, estimated in a thousand runs of a program whose truth is known', () => {
  let runs: Run[];
  beforeAll(() => {
    const program: Program = { sites: STEADY, seconds: 16, meanGapMillis: 400, pairMillis: 4 };
    runs = range(1, 1000).map((seed) => simulate(seed, program));
  });

  test.each(NAMES)('has no bias for the %s-lived', (name) => {
    const { mean, standardError } = meanOf(runs.map(({ errors }) => errors[name]!));
    expect(standardError).toBeLessThan(0.12);
    expect(Math.abs(mean)).toBeLessThan(3 * standardError);
    expect(Math.abs(mean)).toBeLessThan(1);
  });

  test('has the total right', () => {
    const { mean, standardError } = meanOf(runs.map(({ total }) => total));
    expect(Math.abs(mean - 1)).toBeLessThan(3 * standardError);
    expect(Math.abs(mean - 1)).toBeLessThan(0.01);
    for (const { total } of runs) expect(Math.abs(total - 1)).toBeLessThan(0.05);
  });

  test.each(NAMES)('would be biased for the %s-lived if only what is seen alive counted', (name) => {
    const { mean, standardError } = meanOf(runs.map(({ naiveErrors }) => naiveErrors[name]!));
    expect(Math.abs(mean)).toBeGreaterThan(3 * standardError);
    expect(Math.abs(mean)).toBeGreaterThan(1);
  });
});

// Such a pair meets a collection often and is then no evidence, so what is born right before one is missing.
test.each(['regular', 'random'] as const)(
  'with pairs of a quarter of a scavenge the bias stays below half a point, scavenges %s',
  (scavenges) => {
    const program: Program = { sites: STEADY, seconds: 20, meanGapMillis: 200, pairMillis: 8, scavenges };
    const runs = range(1, 300).map((seed) => simulate(seed, program));
    for (const name of NAMES) {
      expect(Math.abs(meanOf(runs.map(({ errors }) => errors[name]!)).mean)).toBeLessThan(0.5);
    }
    expect(Math.abs(meanOf(runs.map(({ total }) => total)).mean - 1)).toBeLessThan(0.01);
  },
);

test('readings on demand between the pairs bring no bias', () => {
  const program: Program = {
    sites: STEADY,
    seconds: 20,
    meanGapMillis: 400,
    pairMillis: 4,
    profileMillis: 300,
  };
  const runs = range(1, 200).map((seed) => simulate(seed, program));
  const { mean, standardError } = meanOf(runs.map(({ errors }) => errors.mid!));
  expect(standardError).toBeLessThan(0.2);
  expect(Math.abs(mean)).toBeLessThan(3 * standardError);
});

test('a busy phase is not charged to the quiet one before it', () => {
  const phase = (name: string, share: number, from: number, to: number) => ({
    ...site(name, share, () => 0.01, 96),
    bytesPerMilli: ((BYTES_PER_MILLI * share) / 100) * 2,
    active: { periodMillis: 14_000, from, to },
  });
  const program: Program = {
    sites: [phase('busy', 90, 0, 7000), phase('quiet', 10, 7000, 14_000)],
    seconds: 70,
    meanGapMillis: 300,
  };
  const runs = range(1, 100).map((seed) => simulate(seed, program));
  expect(Math.abs(meanOf(runs.map(({ errors }) => errors.quiet!)).mean)).toBeLessThan(0.8);
});
