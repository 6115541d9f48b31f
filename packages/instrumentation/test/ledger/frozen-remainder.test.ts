import { expect, test } from 'vitest';
import { AGE_BUCKETS, bytesByAge } from '../../src/ledger/index.js';
import { profileFromLedger } from '../../src/profile/index.js';
import { allocated, INTERVAL, inUse, newLedger, sum } from '../support/ledger-sums.js';
import { Readings, range, samplesOf } from '../support/readings.js';

const OPTIONS = {
  samplingInterval: INTERVAL,
  thread: 'main',
  mode: 'binding',
  startedMillis: 0,
  nowMillis: 60_000,
  defaultColumn: 'inuse_space',
  agesAtMillis: 30_000,
};

function restartedLedger() {
  const ledger = newLedger();
  const listened: string[] = [];
  ledger.absorb(new Readings().of([...samplesOf('a', 10, range(1, 5)), ...samplesOf('b', 7, [6])]), 0);
  ledger.addListener({
    allocated: () => listened.push('allocated'),
    freed: () => listened.push('freed'),
    estimated: () => listened.push('estimated'),
  });
  ledger.settle(0, true);
  ledger.samplerRestarted(4 * INTERVAL);
  return { ledger, listened };
}

test('what was in use stays in use, and nobody is told that it was freed', () => {
  const { ledger, listened } = restartedLedger();
  expect(inUse(ledger)).toEqual({ a: 50, b: 7 });
  expect(ledger.totalInUseBytes).toBe(57);
  expect(ledger.frozen.totalBytes).toBe(57);
  expect(listened).toEqual([]);
});

test('new samples come on top; totals of what was allocated go on', () => {
  const { ledger } = restartedLedger();
  const before = sum(allocated(ledger));
  expect(ledger.absorb(new Readings().of(samplesOf('a', 100, [1, 2])), 20_000).status).toBe('ok');
  expect(inUse(ledger)).toEqual({ a: 250, b: 7 });
  expect(sum(allocated(ledger))).toBe(before + 200);
  expect(ledger.counts.samples).toBe(8);
});

test('ages of a stack add up to what it has in use; the remainder has an age of its own', () => {
  const { ledger } = restartedLedger();
  ledger.absorb(new Readings().of(samplesOf('a', 100, [1, 2])), 25_000);
  const ages = [...bytesByAge(ledger, 30_000)].map(([node, buckets]) => {
    expect(sum(Object.fromEntries(buckets.entries()))).toBeCloseTo(ledger.inUseBytes(node), 6);
    return Object.fromEntries(AGE_BUCKETS.map((age, i) => [age, buckets[i]]).filter(([, bytes]) => bytes));
  });
  expect(ages).toEqual([{ '<10s': 200, frozen: 50 }, { frozen: 7 }]);
});

test('a profile labels it, and says so', () => {
  const { ledger } = restartedLedger();
  ledger.absorb(new Readings().of(samplesOf('a', 100, [1])), 25_000);
  const profile = profileFromLedger(ledger, { ...OPTIONS, samplingInterval: ledger.samplingInterval });
  expect(profile.period?.value).toBe(4 * INTERVAL);
  expect(profile.comments.join('\n')).toContain('57 bytes with the age frozen');
});

test('a second restart adds to it; a lost sampler leaves it', () => {
  const { ledger } = restartedLedger();
  ledger.absorb(new Readings().of(samplesOf('b', 100, [1])), 25_000);
  ledger.samplerRestarted(16 * INTERVAL);
  expect(inUse(ledger)).toEqual({ a: 50, b: 107 });
  ledger.samplerLost();
  expect(inUse(ledger)).toEqual({ a: 50, b: 107 });
});
