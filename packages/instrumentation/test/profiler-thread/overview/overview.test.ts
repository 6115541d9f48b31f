import { expect, test } from 'vitest';
import { checkOverview } from '../../../../../test/support/check-overview.js';
import { inUseByAge } from '../../../src/profiler-thread/history/in-use-by-age.js';
import { MemoryHistory } from '../../../src/profiler-thread/history/memory-history.js';
import { PastStates } from '../../../src/profiler-thread/history/past-states.js';
import { LeakWatch } from '../../../src/profiler-thread/leaks/leak-watch.js';
import { makeOverview } from '../../../src/profiler-thread/overview/index.js';
import { ownFigures } from '../../../src/profiler-thread/own-figures.js';
import { AllLeaks } from '../../../src/profiler-thread/sources/all-leaks.js';
import { ProfilerStats } from '../../../src/profiler-thread/stats/profiler-stats.js';
import { onlySource } from '../../support/memory-sources.js';
import { FakeHeap } from '../leaks/fake-heap.js';

const MINUTE = 60_000;

/**
 * Simulates a program that leaks `leaked` samples a minute, and returns its overview after `minutes`.
 *
 * @param options.leakLimit limit of the memory that leaks; default: that of the heap
 */
function overviewAfter(
  minutes: number,
  {
    leaked = 8,
    heapLimit = 2 ** 20,
    leakLimit,
    isSampling = true,
  }: { leaked?: number; heapLimit?: number; leakLimit?: number; isSampling?: boolean } = {},
) {
  const start = Date.now();
  const heap = new FakeHeap({ shortFileOf: () => 'shop.js', versionOf: () => '1.2.0' });
  const { ledger } = heap;
  const leaks = new LeakWatch(ledger, { windowMillis: MINUTE / 3, heapLimit: leakLimit ?? heapLimit });
  const past = new PastStates({ windowMillis: MINUTE, startMillis: 0 });
  const sources = onlySource(ledger, { leaks, past });
  const allLeaks = new AllLeaks(sources);
  const history = new MemoryHistory();
  const stats = new ProfilerStats({ thread: () => heap.now / 1000 });
  for (let minute = 0; minute < minutes; minute++) {
    heap.allocate('addOrder', leaked);
    heap.allocate('parse', 40)();
    heap.collect();
    heap.read(MINUTE);
    stats.addPoll(0.5);
    leaks.observe(heap.now);
    past.observe(ledger, heap.now);
    history.add({
      epochMillis: start + heap.now,
      resident: { heap: 70, unexplained: -20 },
      heapUsedBytes: 60,
      allocatedBytes: ledger.counts.sampledBytes,
      pollMillis: heap.now,
      cpuMillis: stats.cpuMillis(),
      inUse: inUseByAge(ledger, heap.now),
      sites: allLeaks.siteKeys,
    });
  }
  const data = makeOverview(
    {
      sources,
      leaks: allLeaks,
      stats,
      loop: { mode: isSampling ? 'binding' : undefined, cpuBudget: 0.005 },
      clock: () => start + heap.now,
      startedMillis: start,
      process: { pid: 42, heapLimit, name: () => 'api' },
      figures: () => ownFigures(sources, stats, allLeaks),
      history: () => history,
    },
    { refreshSeconds: 5, atMillis: heap.now, epochMillis: (at) => start + at },
  );
  return { ...checkOverview(JSON.stringify(data)), heap, start };
}

test('shows what leaks, who allocates it, and when the limit is reached', () => {
  const { subjects, heap } = overviewAfter(20);
  const [subject] = subjects;
  expect(subject!.name).toBe('api');
  expect(subject!.state.level).toBe('problem');
  expect(subject!.state.text).toMatch(/^1 leak suspect; heap limit in 1 h 4\d min at this rate$/);
  expect(subject!.suspects).toHaveLength(1);
  const [suspect] = subject!.suspects;
  expect(suspect).toMatchObject({ functionName: 'addOrder', place: 'shop.js:2:2', packageName: '' });
  expect(suspect!.message).toContain('holds');
  // As the table of call sites says, not only what is old.
  expect(suspect!.bytes).toBe(subject!.sites[0]!.inUseBytes);
  // The past of a large call site is known from before it was suspected.
  expect(suspect!.values).toEqual(Array.from({ length: 20 }, (_, at) => (at + 1) * 8 * 1024));
  const [largest] = subject!.sites;
  expect(largest).toMatchObject({ functionName: 'addOrder', inUseBytes: 20 * 8 * 1024, survivedShare: 1 });
  expect(largest!.standardError).toBe(Math.round(Math.sqrt(20 * 8 * 1024 * heap.samplingInterval)));
  expect(subject!.leakProgress).toBeUndefined();
  expect(subject!.leakState).toBe('suspected');
  expect(subject!.secondsToLimit).toBeGreaterThan(0);
});

test('names no heap limit when only memory leaks that it does not limit', () => {
  const [subject] = overviewAfter(20, { leakLimit: Number.POSITIVE_INFINITY }).subjects;
  expect(subject!.state).toEqual({ level: 'warning', text: '1 leak suspect' });
  expect(subject!.secondsToLimit).toBeUndefined();
});

test('has the past in series of equal length, and moments to compare', () => {
  const { subjects, start } = overviewAfter(5);
  const [subject] = subjects;
  expect(subject!.timesMillis).toEqual([1, 2, 3, 4, 5].map((minute) => start + minute * MINUTE));
  expect(subject!.resident.map(({ name }) => name)).toEqual(['heap', 'unexplained']);
  const lines = Object.fromEntries(subject!.lines.map(({ name, values }) => [name, values]));
  expect(lines['in use']).toEqual([1, 2, 3, 4, 5].map((minutes) => minutes * 8 * 1024));
  expect(lines['allocation rate']!.slice(1)).toEqual(Array(4).fill(Math.round((48 * 1024) / 60)));
  expect(lines['allocation rate']![0]).toBeNull();
  expect(subject!.momentsMillis).toEqual([0, 1, 2, 3, 4, 5].map((minute) => start + minute * MINUTE));
  expect(subject!.leakProgress).toMatch(/^window \d+ of 11/);
  expect(subject!.leakState).toBe('unknown');
  expect(subject!.state).toEqual({ level: 'ok', text: 'no leak suspects' });
});

test('splits what is in use by age, without a rest', () => {
  const { subjects, heap } = overviewAfter(15);
  const sum = subjects[0]!.ages.reduce((total, { bytes }) => total + bytes, 0);
  expect(sum).toBe(heap.ledger.totalInUseBytes);
  for (let at = 0; at < 15; at++) {
    const byAge = subjects[0]!.inUseByAge!.reduce((total, { values }) => total + (values[at] ?? 0), 0);
    const [, inUse] = subjects[0]!.lines;
    expect(Math.abs(byAge - inUse!.values[at]!)).toBeLessThan(6);
  }
});

test('says what the profiler costs and loses', () => {
  const facts = Object.fromEntries(
    overviewAfter(3).subjects[0]!.profiler.map(({ name, text }) => [name, text]),
  );
  expect(facts.CPU).toMatch(
    /^0\.\d\d % of a core in the time shown; 0\.\d\d % of a core since the start; budget 0\.50 %$/,
  );
  expect(facts.Polls).toMatch(/^3; they stop the program for 0\.50 ms on average, 99 % for at most \S+ ms$/);
  expect(facts.Dropped).toBe('nothing');
  expect(facts['Sampler lost']).toBe('never');
});

test('is a problem while the sampler does not run', () => {
  expect(overviewAfter(1, { isSampling: false }).subjects[0]!.state).toMatchObject({
    level: 'problem',
    text: expect.stringContaining('sampler does not run'),
  });
});

test('shows call sites that hold most and, after them, those that allocate most', () => {
  const { subjects } = overviewAfter(2, { leaked: 1 });
  expect(subjects[0]!.sites.map(({ functionName }) => functionName)).toEqual(['addOrder', '(unobserved)']);
});
