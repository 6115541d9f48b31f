import { expect, test } from 'vitest';
import { HighWaterMarkTracker } from '../../../../src/profiler-thread/history/high-water-mark.js';
import { bytesByAge } from '../../../../src/profiler-thread/history/retention-age.js';
import { CarriedOver } from '../../../../src/profiler-thread/ledger/estimates/carried-over.js';
import { AGE_BUCKETS } from '../../../../src/profiler-thread/ledger/index.js';
import { heapProfile, peakProfile, textView } from '../../../../src/profiler-thread/profiles/index.js';
import { allocated, INTERVAL, inUse, newLedger, sum } from '../../../support/ledger-sums.js';
import { heapOf } from '../../../support/memory-sources.js';
import { Readings, range, samplesOf } from '../../../support/readings.js';

const OPTIONS = {
  samplingInterval: INTERVAL,
  mode: 'binding',
  startedMillis: 0,
  nowMillis: 60_000,
  defaultColumn: 'inuse_space',
  agesAtMillis: 30_000,
};

function restartedLedger() {
  const ledger = newLedger();
  const listened: string[] = [];
  ledger.update(new Readings().of([...samplesOf('a', 10, range(1, 5)), ...samplesOf('b', 7, [6])]), 0);
  ledger.addListener({
    allocated: () => listened.push('allocated'),
    freed: () => listened.push('freed'),
    estimated: () => listened.push('estimated'),
  });
  ledger.attribute(0, true);
  ledger.intervalReplaced(4 * INTERVAL);
  return { ledger, listened };
}

test('what was in use stays in use, and listeners get no frees', () => {
  const { ledger, listened } = restartedLedger();
  expect(inUse(ledger)).toEqual({ a: 50, b: 7 });
  expect(ledger.totalInUseBytes).toBe(57);
  expect(ledger.carriedOver.totalBytes).toBe(57);
  expect(listened).toEqual([]);
});

test('new samples are added to it; allocation totals continue', () => {
  const { ledger } = restartedLedger();
  const before = sum(allocated(ledger));
  expect(ledger.update(new Readings().of(samplesOf('a', 100, [1, 2])), 20_000).status).toBe('ok');
  expect(inUse(ledger)).toEqual({ a: 250, b: 7 });
  expect(sum(allocated(ledger))).toBe(before + 200);
  expect(ledger.counts.samples).toBe(8);
});

test('ages of a stack add up to its bytes in use; the remainder has an age of its own', () => {
  const { ledger } = restartedLedger();
  ledger.update(new Readings().of(samplesOf('a', 100, [1, 2])), 25_000);
  const ages = [...bytesByAge(ledger, 30_000)].map(([node, buckets]) => {
    expect(sum(Object.fromEntries(buckets.entries()))).toBeCloseTo(ledger.inUseBytes(node), 6);
    return Object.fromEntries(AGE_BUCKETS.map((age, i) => [age, buckets[i]]).filter(([, bytes]) => bytes));
  });
  expect(ages).toEqual([{ '<10s': 200, unknown: 50 }, { unknown: 7 }]);
});

test('a profile labels it and has a comment about it', () => {
  const { ledger } = restartedLedger();
  ledger.update(new Readings().of(samplesOf('a', 100, [1])), 25_000);
  const profile = heapProfile(
    { sources: [heapOf(ledger)] },
    { ...OPTIONS, samplingInterval: ledger.samplingInterval },
  );
  expect(profile.period?.value).toBe(4 * INTERVAL);
  expect(profile.comments.join('\n')).toContain('57 bytes of unknown age');
});

test('the high-water mark labels it too', () => {
  const { ledger } = restartedLedger();
  ledger.update(new Readings().of(samplesOf('a', 100, [1])), 25_000);
  const peak = new HighWaterMarkTracker();
  peak.observe([heapOf(ledger)], 25_000);
  if (!peak.mark) throw new Error('no mark');
  const profile = peakProfile(ledger, peak.mark, OPTIONS);
  const bytes = range(0, profile.sampleCount - 1).map((row) => [
    profile.value(row, 1),
    profile.labelsOf(row).age ?? '',
  ]);
  expect(bytes).toEqual([
    [100, ''],
    [50, 'unknown'],
    [7, 'unknown'],
  ]);
});

test('the text mentions it and does not count it as old', () => {
  const { ledger } = restartedLedger();
  ledger.update(new Readings().of(samplesOf('a', 100, [1])), 25_000);
  const progress = { windows: 0, neededWindows: 11, closedMillis: undefined, undecidedSites: 0 };
  const view = {
    samplingInterval: 1,
    mode: 'binding',
    leakMessages: [],
    progress,
    survivalMillis: 1,
  };
  const text = textView([heapOf(ledger)], { ...view, column: 'inuse_space', atMillis: 300_000 });
  expect(text).toContain('57 bytes of unknown age');
  expect(text).toMatch(/^ +157 B +100 B .* total$/m);
});

test('the stated error is kept in bytes, as samples represent more of them after a restart', () => {
  const { ledger } = restartedLedger();
  ledger.update(new Readings().of(samplesOf('a', 100, [1, 2])), 25_000);
  expect(ledger.counts).toMatchObject({ samples: 8, sampledBytes: (6 + 2 * 4) * INTERVAL });
});

test('a second restart adds to it; the loss of the sampler does not change it', () => {
  const { ledger } = restartedLedger();
  ledger.update(new Readings().of(samplesOf('b', 100, [1])), 25_000);
  ledger.intervalReplaced(16 * INTERVAL);
  expect(inUse(ledger)).toEqual({ a: 50, b: 107 });
  ledger.samplerLost();
  expect(inUse(ledger)).toEqual({ a: 50, b: 107 });
});

test('it decreases as objects of its age become unreachable, for each stack by its own lifetimes', () => {
  const carriedOver = new CarriedOver();
  carriedOver.add(1, 100, 0);
  carriedOver.add(1, 100, 9);
  carriedOver.add(2, 50, 3);
  // The first stack's objects live for ten units, the second's forever.
  const share = (node: number, from: number, to: number) => (node === 1 && from < 10 && to >= 10 ? 0 : 1);
  carriedOver.growOlder(1, share);
  expect([carriedOver.bytes(1), carriedOver.bytes(2), carriedOver.totalBytes]).toEqual([100, 50, 150]);
  carriedOver.growOlder(8, share);
  expect(carriedOver.totalBytes).toBe(150);
  carriedOver.growOlder(1, share);
  expect([carriedOver.bytes(1), carriedOver.bytes(2), carriedOver.totalBytes]).toEqual([0, 50, 50]);
});

test('many samples of about one age make one part', () => {
  const carriedOver = new CarriedOver();
  for (let at = 0; at < 1000; at++) carriedOver.add(1, 1, 1000 + at / 100);
  let asked = 0;
  carriedOver.growOlder(1, () => {
    asked++;
    return 1;
  });
  expect(asked).toBe(1);
  expect(carriedOver.bytes(1)).toBe(1000);
});

test('parts of which nothing is left cost nothing any more', () => {
  const carriedOver = new CarriedOver();
  for (let node = 0; node < 100; node++) carriedOver.add(node, 100, 0);
  let asked = 0;
  const halved = () => {
    asked++;
    return 0.5;
  };
  for (let poll = 0; poll < 10; poll++) carriedOver.growOlder(1, halved);
  expect(carriedOver.totalBytes).toBe(0);
  const before = asked;
  carriedOver.growOlder(1, halved);
  expect(asked).toBe(before);
  const left: number[] = [];
  carriedOver.forEach((_, node) => void left.push(node));
  expect(left).toEqual([]);
});

test('a stack keeps the parts of which something is left', () => {
  const carriedOver = new CarriedOver();
  carriedOver.add(1, 100, 0);
  carriedOver.add(1, 100, 50);
  carriedOver.growOlder(1, (_node, from) => (from === 0 ? 0 : 1));
  let asked = 0;
  carriedOver.growOlder(1, () => {
    asked++;
    return 1;
  });
  expect([asked, carriedOver.bytes(1), carriedOver.totalBytes]).toEqual([1, 100, 100]);
});
