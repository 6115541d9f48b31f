// Leaks beside harmless sites, at the defaults of leak detection, with major collections as often as in
// services.
import { describe, expect, test } from 'vitest';
import { LeakDetector } from '../../../src/profiler-thread/leaks/leak-detector.js';
import { median } from '../../../src/profiler-thread/leaks/trend.js';
import { Random } from '../../support/random.js';
import { range } from '../../support/readings.js';
import { FakeHeap } from './fake-heap.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const READING = 5 * SECOND;
/** A heap of 100 MiB at 64 KiB per sample. */
const HEAP_SAMPLES = 1_600;
/** One percent of that per minute. */
const LEAK_PER_MINUTE = HEAP_SAMPLES / 100;

type Pattern = (random: Random) => (nowMillis: number) => boolean;

/** Makes major collections with this mean gap, after a first one at the start of the service. */
const every =
  (millis: number, firstMillis = 2 * SECOND): Pattern =>
  (random) => {
    let next = firstMillis;
    return (now) => {
      if (now < next) return false;
      next = now + millis * (0.5 + random.next());
      return true;
    };
  };

interface Collecting {
  readonly pattern: Pattern;
  /** Time to suspicion of a leak: median and maximum of all runs. */
  readonly typicalMillis: number;
  readonly latestMillis: number;
}

const COLLECTIONS: Readonly<Record<string, Collecting>> = {
  'every 5 s': { pattern: every(5 * SECOND), typicalMillis: 5 * MINUTE, latestMillis: 8 * MINUTE },
  'every 20 s': { pattern: every(20 * SECOND), typicalMillis: 5 * MINUTE, latestMillis: 8 * MINUTE },
  'every 50 s': { pattern: every(50 * SECOND), typicalMillis: 5 * MINUTE, latestMillis: 8 * MINUTE },
  'every 2 min': { pattern: every(2 * MINUTE), typicalMillis: 5.5 * MINUTE, latestMillis: 9 * MINUTE },
  'every 10 min': { pattern: every(10 * MINUTE), typicalMillis: 13 * MINUTE, latestMillis: 30 * MINUTE },
  // Before the first one nothing is known.
  'none for 30 min': {
    pattern: every(MINUTE, 30 * MINUTE),
    typicalMillis: 31 * MINUTE,
    latestMillis: 35 * MINUTE,
  },
};

/** A function whose objects live for a time each. */
class Site {
  readonly #heap: FakeHeap;
  readonly #name: string;
  readonly #held: { readonly until: number; readonly free: () => void }[] = [];

  constructor(heap: FakeHeap, name: string) {
    this.#heap = heap;
    this.#name = name;
  }

  allocate(samples: number, lifetimeMillis: () => number): void {
    for (let i = 0; i < samples; i++) {
      this.#held.push({
        until: this.#heap.now + lifetimeMillis(),
        free: this.#heap.allocate(this.#name, 1),
      });
    }
  }

  collect(): void {
    const kept = this.#held.filter(({ until, free }) => {
      if (until > this.#heap.now) return true;
      free();
      return false;
    });
    this.#held.splice(0, this.#held.length, ...kept);
  }
}

const FOREVER = () => Number.POSITIVE_INFINITY;

/** Workloads of harmless sites, by time in minutes. */
const INNOCENT: Readonly<Record<string, Work>> = {
  'requests that outlive a scavenge': (random) => (_minute, step, allocate) =>
    allocate('handleRequest', 120 * step, () => random.exponential(1 * SECOND)),
  sessions: (random) => (_minute, step, allocate) =>
    allocate('openSession', 30 * step, () => random.exponential(40 * SECOND)),
  'a scrape every 10 s': (random) => (_minute, step, allocate) =>
    allocate('collectMetrics', 24 * step, () => 10 * SECOND * random.next()),
  'a cache that fills ever slower for longer than all windows': () => (minute, step, allocate) =>
    allocate('fillCache', (200 / 1.5) * Math.exp(-minute / 1.5) * step, FOREVER),
};

/** Two sites that exchange bytes inside a cache of constant size, over 20 minutes. */
const exchange: Work = () => (minute, step, allocate) => {
  const share = Math.min(1, Math.max(0, (minute - 6) / 20));
  allocate('putOldFormat', 40 * step * (1 - share), () => 3 * MINUTE);
  allocate('putNewFormat', 40 * step * share, () => 3 * MINUTE);
};

type Work = (random: Random) => (minute: number, step: number, allocate: Allocate) => void;
type Allocate = (name: string, expectedSamples: number, lifetimeMillis: () => number) => void;

interface Found {
  readonly name: string;
  readonly atMillis: number;
}

function run(seed: number, pattern: Pattern, minutes: number, withLeak: boolean, more: Work[] = []): Found[] {
  const random = new Random(seed);
  const heap = new FakeHeap();
  const detector = new LeakDetector({ samplingInterval: heap.samplingInterval });
  const sites = new Map<string, Site>();
  const allocate: Allocate = (name, expected, lifetimeMillis) => {
    const site = sites.get(name) ?? new Site(heap, name);
    sites.set(name, site);
    site.allocate(poisson(random, expected), lifetimeMillis);
  };
  const innocent = [...Object.values(INNOCENT), ...more].map((make) => make(random));
  const collects = pattern(random);
  const found: Found[] = [];
  allocate('start', HEAP_SAMPLES, FOREVER);
  const step = READING / MINUTE;
  for (let minute = 0; minute < minutes; minute += step) {
    for (const work of innocent) work(minute, step, allocate);
    if (withLeak) allocate('leak', LEAK_PER_MINUTE * step, FOREVER);
    if (collects(heap.now)) {
      for (const site of sites.values()) site.collect();
      heap.collect();
    }
    heap.read(READING);
    for (const { site } of detector.observe(heap.ledger, heap.now)) {
      found.push({ name: heap.ledger.sites.site(site).functionName, atMillis: heap.now });
    }
  }
  return found;
}

function poisson(random: Random, mean: number): number {
  let count = 0;
  for (let at = random.exponential(1); at < mean; at += random.exponential(1)) count++;
  return count;
}

const SEEDS = range(1, 5);

describe.each(Object.entries(COLLECTIONS))('with major collections %s', (_, collecting) => {
  const { pattern, typicalMillis, latestMillis } = collecting;

  test('suspects a leak of 1 % of the heap per minute in time, and nothing else', () => {
    const times = SEEDS.map((seed) => {
      const found = run(seed, pattern, Math.ceil(latestMillis / MINUTE), true);
      expect([...new Set(found.map(({ name }) => name))]).toEqual(['leak']);
      return found[0]!.atMillis;
    });
    expect(median(times)).toBeLessThanOrEqual(typicalMillis);
  });

  test('suspects nothing without a leak', () => {
    for (const seed of SEEDS.slice(0, 2)) expect(run(seed, pattern, 45, false)).toEqual([]);
  });
});

describe('two sites that exchange bytes inside a cache of constant size', () => {
  test.each(['every 5 s', 'every 20 s'])(
    'are not suspected, and a leak beside them is, with collections %s',
    (name) => {
      const { pattern } = COLLECTIONS[name]!;
      for (const seed of SEEDS.slice(0, 2)) {
        expect(run(seed, pattern, 45, false, [exchange])).toEqual([]);
        const found = run(seed, pattern, 15, true, [exchange]);
        expect([...new Set(found.map(({ name }) => name))]).toEqual(['leak']);
      }
    },
  );
});

/** Mean samples a second of one call site: a leak, what is reachable for three windows, and what soon dies. */
const MERGED = { leak: 1.6, store: 4.8, storedMillis: 15 * SECOND, requests: 9 };

// V8 may inline functions that leak and functions that fill stores into one. Collections are rarer than windows here.
describe('a leak in a function that also fills a store', () => {
  test.each([20, 30])('is suspected as soon as without the store, with collections every %i s', (seconds) => {
    for (const seed of SEEDS) {
      const [alone, merged] = [{ ...MERGED, store: 0 }, MERGED].map((site) =>
        suspectedAfter(seed, site, seconds),
      );
      expect(merged).toBeLessThanOrEqual(alone! + 2 * seconds * SECOND);
    }
  });

  test('is not suspected without the leak', () => {
    for (const seed of SEEDS) expect(suspectedAfter(seed, { ...MERGED, leak: 0 }, 20)).toBe(Infinity);
  });

  test('is suspected when polls are rarer than windows', () => {
    for (const seed of SEEDS) {
      const site = { ...MERGED, store: 0, requests: 0 };
      expect(suspectedAfter(seed, site, 100, 2 * SECOND, 10 * SECOND)).toBeLessThan(5 * MINUTE);
    }
  });
});

/** Returns when the site is suspected, in ms; infinity if it is not in ten minutes. */
function suspectedAfter(
  seed: number,
  { leak, store, storedMillis, requests }: typeof MERGED,
  collectionSeconds: number,
  windowMillis = 5 * SECOND,
  readingMillis = 7 * SECOND,
): number {
  const random = new Random(seed);
  const heap = new FakeHeap();
  const detector = new LeakDetector({ samplingInterval: heap.samplingInterval, windowMillis });
  const site = new Site(heap, 'tick');
  const step = readingMillis / SECOND;
  let nextMajor = 2 * SECOND;
  while (heap.now < 10 * MINUTE) {
    site.allocate(poisson(random, leak * step), FOREVER);
    site.allocate(poisson(random, store * step), () => storedMillis);
    site.allocate(poisson(random, requests * step), () => 2 * SECOND);
    if (heap.now >= nextMajor) {
      site.collect();
      heap.collect();
      nextMajor = heap.now + collectionSeconds * SECOND * (0.7 + 0.6 * random.next());
    }
    heap.read(readingMillis);
    if (detector.observe(heap.ledger, heap.now).length > 0) return heap.now;
  }
  return Number.POSITIVE_INFINITY;
}
