// V8 inlines functions some time after the start: samples of a function then have the name of its caller.
import { expect, test } from 'vitest';
import { LeakDetector } from '../../../src/profiler-thread/leaks/leak-detector.js';
import { range } from '../../support/readings.js';
import { FakeHeap } from './fake-heap.js';
import { SimulatedService } from './simulated-service.js';

const MINUTE = 60_000;
const SEEDS = range(1, 20);
/** Number of windows, a minute each, in which a leak of two samples or more a minute is found. */
const FOUND_MINUTES = 20;

/** Returns the stack of an order in each minute of a program. */
type StackIn = (minute: number) => string;

const inlinedAt =
  (...minutes: readonly number[]): StackIn =>
  (minute) =>
    ['handle', 'addOrder', 'copyOrder'].slice(0, 3 - minutes.filter((at) => minute >= at).length).join(' > ');

test.each<[string, StackIn]>([
  ['once', inlinedAt(7)],
  ['with its caller', inlinedAt(5, 9)],
  ['into the caller of its caller', inlinedAt(7, 7)],
  ['soon after the start', inlinedAt(3)],
  ['for three minutes', (minute) => (minute >= 6 && minute < 9 ? 'handle > addOrder' : inlinedAt()(minute))],
])('a leak is found as soon as others when its function is inlined %s', (_, stackIn) => {
  const late = lateSeeds(stackIn).length;
  expect(late).toBeLessThanOrEqual(lateSeeds(inlinedAt()).length + 1);
});

/** Returns the seeds with which a leak is not found in time. */
function lateSeeds(stackIn: StackIn): number[] {
  return SEEDS.filter((seed) => {
    const service = new SimulatedService(seed);
    const work = (_: unknown, minute: number) => service.allocate(stackIn(minute), 8);
    return service.run(FOUND_MINUTES, work).length === 0;
  });
}

test('a suspicion goes over to the caller, once, without a gap', () => {
  const heap = new FakeHeap();
  const detector = new LeakDetector({ samplingInterval: heap.samplingInterval, windowMillis: MINUTE });
  const names: string[][] = [];
  const fresh: string[] = [];
  const nameOf = (site: number) => heap.ledger.sites.site(site).functionName;
  for (let minute = 0; minute < 50; minute++) {
    heap.allocate(minute < 25 ? 'addOrder > copyOrder' : 'addOrder', 5);
    heap.collect();
    heap.read(MINUTE);
    fresh.push(...detector.observe(heap.ledger, heap.now).map(({ site }) => nameOf(site)));
    names.push(detector.suspects().map(({ site }) => nameOf(site)));
  }
  const first = names.findIndex((suspects) => suspects.length > 0);
  expect(first).toBeLessThan(20);
  expect(names.slice(first).filter((suspects) => suspects.length === 0)).toEqual([]);
  expect(names.at(-1)).toEqual(['addOrder']);
  expect(names.filter((suspects) => suspects.length > 1)).toEqual([]);
  expect(fresh).toEqual(['copyOrder']);
});

test('a suspect has the bytes of what was inlined into it, and names it', () => {
  const heap = new FakeHeap();
  const detector = new LeakDetector({ samplingInterval: heap.samplingInterval, windowMillis: MINUTE });
  for (let minute = 0; minute < 16; minute++) {
    heap.allocate(minute < 8 ? 'addOrder > copyOrder' : 'addOrder', 5);
    heap.collect();
    heap.read(MINUTE);
    detector.observe(heap.ledger, heap.now);
  }
  const [suspect] = detector.suspects();
  expect(suspect).toMatchObject({ grownWindows: 10 });
  expect(suspect!.bytesPerSecond).toBeCloseTo((5 * heap.samplingInterval) / 60, 1);
  expect(suspect!.inlined.map((site) => heap.ledger.sites.site(site).functionName)).toEqual(['copyOrder']);
});

test('a cache is not suspected when its caller does other work once it is full', () => {
  const suspected = SEEDS.filter((seed) => {
    const service = new SimulatedService(seed);
    const work = (_: unknown, minute: number) => {
      if (minute < 6) service.allocate('handle > fillCache', 10);
      else service.allocate('handle', 10, () => service.random.exponential(3));
    };
    return service.run(60, work).length > 0;
  });
  expect(suspected).toEqual([]);
});

test('a suspect names what it called and that allocates no more under its own name, but nothing that still does', () => {
  const heap = new FakeHeap();
  const detector = new LeakDetector({ samplingInterval: heap.samplingInterval, windowMillis: MINUTE });
  let free = () => {};
  for (let minute = 0; minute < 30; minute++) {
    heap.allocate(minute < 2 ? 'handle > addOrder > copyOrder' : 'handle', 5);
    if (minute === 0) heap.allocate('main > readSettings', 5);
    free();
    free = heap.allocate('handle > quote', 20);
    heap.collect();
    // Garbage that is still shown: this function keeps nothing.
    const freeCounts = heap.allocate('handle > count', 20);
    heap.read(MINUTE);
    freeCounts();
    detector.observe(heap.ledger, heap.now);
  }
  const nameOf = (site: number) => heap.ledger.sites.site(site).functionName;
  const suspects = detector.suspects();
  expect(suspects.map(({ site }) => nameOf(site))).toEqual(['handle']);
  expect(suspects[0]!.formerCallees.map(nameOf)).toEqual(['copyOrder']);
});

test('where V8 inlines nothing, a suspect names no such functions', () => {
  const heap = new FakeHeap();
  const detector = new LeakDetector({
    samplingInterval: heap.samplingInterval,
    windowMillis: MINUTE,
    mayInline: false,
  });
  for (let minute = 0; minute < 30; minute++) {
    heap.allocate(minute < 2 ? 'handle > copyOrder' : 'handle', 5);
    heap.collect();
    heap.read(MINUTE);
    detector.observe(heap.ledger, heap.now);
  }
  expect(detector.suspects()[0]!.formerCallees).toEqual([]);
});
