// Which call site has taken over from which, for made windows.
import { expect, test } from 'vitest';
import type { JudgedLedger } from '../../../src/profiler-thread/leaks/judged-ledger.js';
import { takeovers } from '../../../src/profiler-thread/leaks/takeovers.js';
import type { Window } from '../../../src/profiler-thread/leaks/windows.js';
import { range } from '../../support/readings.js';

const WINDOWS = 12;
const SAMPLES = 10;
const SAMPLE_BYTES = 1024;

/** Returns the windows of a site that allocates in some of them, and frees nothing. */
function windowsOf(from: number, to: number): Window[] {
  let oldBytes = 0;
  return range(0, WINDOWS - 1).map((at) => {
    const addedSamples = at >= from && at < to ? SAMPLES : 0;
    const added = addedSamples * SAMPLE_BYTES;
    oldBytes += added;
    return { oldBytes, lastingBytes: 0, added, addedSamples };
  });
}

/** Returns a heap in which each site has one node of the same number, in this order. `callers` is from the inside out. */
function ledgerOf(nodes: readonly number[], callers: ReadonlyMap<number, readonly number[]>): JudgedLedger {
  return {
    sites: {
      siteOf: (node: number) => node,
      nearestCaller: (node: number, isWanted: (site: number) => boolean) => callers.get(node)?.find(isWanted),
    },
    forEachReachable: (visit: (sample: { node: number; bytes: number }, bytes: number) => void) => {
      for (const node of nodes) visit({ node, bytes: SAMPLE_BYTES }, SAMPLE_BYTES);
    },
  } as unknown as JudgedLedger;
}

/** Each function is called by the next one, and its allocations end when those of the next one begin. */
const CHAIN = new Map([
  [1, [2, 3]],
  [2, [3]],
]);
const CHAIN_WINDOWS = new Map([
  [1, { windows: windowsOf(0, 4) }],
  [2, { windows: windowsOf(4, 8) }],
  [3, { windows: windowsOf(8, 12) }],
]);

test.each([[[1, 2, 3]], [[1, 3, 2]], [[2, 1, 3]], [[2, 3, 1]], [[3, 1, 2]], [[3, 2, 1]]])(
  'the last caller has taken over from all of a chain, whatever is seen first: %j',
  (nodes) => {
    const found = takeovers(ledgerOf(nodes, CHAIN), CHAIN_WINDOWS, () => false);
    expect([...found].map(([site, from]) => [site, [...from].sort()])).toEqual([[3, [1, 2]]]);
  },
);

test('a caller that allocates nothing is passed over', () => {
  const windows = new Map([...CHAIN_WINDOWS].filter(([site]) => site !== 2));
  const late = new Map([...windows, [3, { windows: windowsOf(4, 12) }] as const]);
  expect([...takeovers(ledgerOf([1, 3], CHAIN), late, () => false)]).toEqual([[3, [1]]]);
});

test('functions that call each other are taken over once', () => {
  const callers = new Map([
    [1, [2]],
    [2, [1]],
  ]);
  const windows = new Map([
    [1, { windows: windowsOf(0, 6) }],
    [2, { windows: windowsOf(6, 12) }],
  ]);
  const found = [...takeovers(ledgerOf([1, 2], callers), windows, () => false)];
  expect(found).toHaveLength(1);
});

test('a site that is a leak by itself is not taken over', () => {
  const found = takeovers(ledgerOf([1, 2, 3], CHAIN), CHAIN_WINDOWS, (site) => site === 1);
  expect([...found]).toEqual([[3, [2]]]);
});
