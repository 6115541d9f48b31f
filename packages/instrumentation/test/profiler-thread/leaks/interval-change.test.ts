// A service with a leak, whose sampling interval grows once the leak is suspected.
import { describe, expect, test } from 'vitest';
import { LeakWatch } from '../../../src/profiler-thread/leaks/leak-watch.js';
import { Random } from '../../support/random.js';
import { range } from '../../support/readings.js';
import { FakeHeap } from './fake-heap.js';

const SECOND = 1_000;
const READING = 5 * SECOND;
const COLLECTION = 30 * SECOND;
const MINUTES_AFTER = 30;
/** Samples per minute at the first interval, and the mean lifetime of an object. */
const SITES = [
  { name: 'leak', perMinute: 32, lifeMillis: Number.POSITIVE_INFINITY },
  { name: 'request', perMinute: 120, lifeMillis: SECOND },
  { name: 'session', perMinute: 30, lifeMillis: 40 * SECOND },
] as const;
const FACTOR = 4;

function poisson(random: Random, mean: number): number {
  let count = 0;
  for (let at = random.exponential(1); at < mean; at += random.exponential(1)) count++;
  return count;
}

/** Returns the names suspected at each reading, before and after the change. */
function run(seed: number): { readonly before: string[][]; readonly after: string[][] } {
  const random = new Random(seed);
  const heap = new FakeHeap();
  const leaks = new LeakWatch(heap.ledger, { windowMillis: 20 * SECOND, heapLimit: 2 ** 32 });
  const held = new Set<{ readonly until: number; readonly free: () => void }>();
  let factor = 1;
  let nextMajor = 0;
  const step = () => {
    for (const { name, perMinute, lifeMillis } of SITES) {
      for (let i = poisson(random, (perMinute * READING) / (60 * SECOND * factor)); i > 0; i--)
        held.add({ until: heap.now + random.exponential(lifeMillis), free: heap.allocate(name, 1) });
    }
    if (heap.now >= nextMajor) {
      nextMajor = heap.now + COLLECTION * (0.5 + random.next());
      for (const one of held) {
        if (one.until > heap.now) continue;
        one.free();
        held.delete(one);
      }
      heap.collect();
    }
    heap.read(READING);
    leaks.observe(heap.now);
    return leaks.suspects(heap.now).map(({ functionName }) => functionName);
  };
  const before: string[][] = [];
  while (before.at(-1)?.length !== 1 && before.length < 400) before.push(step());
  heap.changeInterval(FACTOR * heap.samplingInterval);
  leaks.intervalChanged();
  held.clear();
  factor = FACTOR;
  const after = range(1, (MINUTES_AFTER * 60 * SECOND) / READING).map(step);
  return { before, after };
}

describe('when the interval grows', () => {
  const runs = range(1, 20).map(run);

  test('the leak stays a suspect until the windows since then suffice for a new judgement', () => {
    const first = (5 * 60 * SECOND) / READING;
    for (const { before, after } of runs) {
      expect(before.at(-1)).toEqual(['leak']);
      expect(new Set(after.slice(0, first).map((names) => names.join()))).toEqual(new Set(['leak']));
    }
  });

  test('it stays one afterwards, but for lapses of a few windows', () => {
    const readings = runs.flatMap(({ after }) => after);
    expect(readings.filter((names) => names.length > 0).length).toBeGreaterThan(0.98 * readings.length);
  });

  test('nothing else is suspected', () => {
    const names = runs.flatMap(({ before, after }) => [...before, ...after].flat());
    expect(new Set(names)).toEqual(new Set(['leak']));
  });
});
