import { describe, expect, test } from 'vitest';
import type { SampleSnapshot } from '../../../src/profiler-thread/ledger/index.js';
import {
  errorComments,
  inUseVariances,
  missedShare,
  roundedError,
} from '../../../src/profiler-thread/profiles/standard-errors.js';
import { INTERVAL, newLedger } from '../../support/ledger-sums.js';
import { Random } from '../../support/random.js';

/** Objects that a function keeps. */
interface Kept {
  readonly name: string;
  readonly objectBytes: number;
  readonly objects: number;
}

const frame = (functionName: string) => {
  return { functionName, url: `file:///app/${functionName}.js`, lineNumber: 0, columnNumber: 0 };
};

/** Samples objects by a Poisson process over their bytes, and shows them as V8 does. */
function sampled(kept: readonly Kept[], random: Random): SampleSnapshot {
  const samples: SampleSnapshot['samples'][number][] = [];
  const children = kept.map(({ name, objectBytes, objects }, at) => {
    const chance = -Math.expm1(-objectBytes / INTERVAL);
    let count = 0;
    for (let object = 0; object < objects; object++) if (random.next() < chance) count++;
    const id = at + 2;
    const size = objectBytes * Math.max(1, Math.round(1 / chance));
    for (let one = 0; one < count; one++) samples.push({ size, nodeId: id, ordinal: samples.length + 1 });
    return {
      id,
      callFrame: frame(name),
      selfSize: objectBytes * Math.round(count / chance),
      children: [],
    };
  });
  const shown = children.filter(({ selfSize }) => selfSize > 0);
  return { head: { id: 1, callFrame: frame('(root)'), selfSize: 0, children: shown }, samples };
}

/** Returns the error of the total in standard errors, of a number of samplings. */
function errors(kept: readonly Kept[], runs: number): number[] {
  const truth = kept.reduce((sum, { objectBytes, objects }) => sum + objectBytes * objects, 0);
  return Array.from({ length: runs }, (_, run) => {
    const ledger = newLedger();
    ledger.update(sampled(kept, new Random(run + 1)), 1);
    const variances = inUseVariances({ kind: 'heap', thread: undefined, ledger });
    const variance = [...variances.values()].reduce((sum, each) => sum + each, 0);
    return Math.abs(ledger.totalInUseBytes - truth) / Math.sqrt(variance);
  });
}

const share = (values: readonly number[], limit: number) =>
  values.filter((value) => value <= limit).length / values.length;

const small = { name: 'small', objectBytes: INTERVAL / 256, objects: 256 * 40 };
const middle = { name: 'middle', objectBytes: Math.round(0.8 * INTERVAL), objects: 120 };
const large = { name: 'large', objectBytes: 2 * INTERVAL, objects: 200 };

describe('the truth is within one standard error in about 68 of 100 samplings', () => {
  test.each([
    ['of small objects', [small]],
    ['of objects as large as the interval', [middle]],
    ['of large objects', [large]],
    ['of objects of all sizes', [small, middle, large]],
  ])('%s', (_, kept) => {
    const found = errors(kept, 400);
    expect(share(found, 1)).toBeGreaterThan(0.62);
    expect(share(found, 1)).toBeLessThan(0.74);
    expect(share(found, 2)).toBeGreaterThan(0.9);
  });
});

test('an object is missed as often as a Poisson process misses it', () => {
  for (const size of [1e-6, 0.01, 0.5, 1, 3, 20]) {
    const weight = size / (1 - Math.exp(-size));
    expect(missedShare(weight)).toBeCloseTo(Math.exp(-size), 5);
  }
  expect([1, 0.3, Number.NaN].map(missedShare)).toEqual([1, 1, 1]);
  expect(missedShare(1e6)).toBe(0);
});

test('errors as labels have two digits', () => {
  expect([0, 144, 123_456_789 ** 2].map(roundedError)).toEqual([0, 12, 120_000_000]);
});

test('comments state the errors of the totals and of the 50 largest call sites', () => {
  const ledger = newLedger();
  const kept = Array.from({ length: 60 }, (_, at) => ({
    name: `site${at}`,
    objectBytes: 1024,
    objects: 512 * (at + 10),
  }));
  ledger.update(sampled(kept, new Random(1)), 1);
  const comments = errorComments([{ kind: 'heap', thread: undefined, ledger }]);
  expect(comments.length).toBe(52);
  expect(comments[1]).toMatch(/^standard error of the totals: inuse_space \d+ ± \d+, alloc_space \d+ ± \d+$/);
  expect(comments[2]).toMatch(
    /^# standard error of site\d+ \S*site\d+\.js:1:1: inuse_space \d+ ± \d+, alloc_space/,
  );
  const bytes = comments.slice(2).map((comment) => Number(/inuse_space (\d+)/.exec(comment)![1]));
  expect(bytes).toEqual([...bytes].sort((a, b) => b - a));
});
