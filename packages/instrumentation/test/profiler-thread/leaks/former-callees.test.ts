import { expect, test } from 'vitest';
import { formerCallees } from '../../../src/profiler-thread/leaks/former-callees.js';
import type { JudgedLedger } from '../../../src/profiler-thread/leaks/judged-ledger.js';

/** Site of the suspect. */
const SUSPECT = 100;

/** Returns a heap with these samples; each node is its own site, and all but the suspect's are below the suspect. */
function ledgerOf(samples: readonly (readonly [node: number, bytes: number])[]): JudgedLedger {
  return {
    sites: {
      siteOf: (node: number) => node,
      nearestCaller: (node: number, isWanted: (site: number) => boolean) =>
        node !== SUSPECT && isWanted(SUSPECT) ? SUSPECT : undefined,
    },
    forEachReachable: (visit: (sample: { node: number; bytes: number }, bytes: number) => void) => {
      for (const [node, bytes] of samples) visit({ node, bytes }, bytes);
    },
  } as unknown as JudgedLedger;
}

const found = (samples: readonly (readonly [number, number])[], isSilent = (_: number) => true) =>
  formerCallees(ledgerOf(samples), new Set([SUSPECT]), isSilent).get(SUSPECT);

test('three at most are named, from the one that holds most', () => {
  const samples = [1, 2, 3, 4].flatMap((site) => [
    [site, 10 * site],
    [site, 10 * site],
  ]) as [number, number][];
  expect(found(samples)).toEqual([4, 3, 2]);
});

test('a single sample names nothing', () => {
  expect(
    found([
      [1, 1000],
      ...([
        [2, 1],
        [2, 1],
      ] as const),
    ]),
  ).toEqual([2]);
});

test('what still allocates, and the suspect itself, are not named', () => {
  const samples = [1, 1, 2, 2, SUSPECT, SUSPECT].map((site) => [site, 10] as const);
  expect(found(samples, (site) => site !== 1)).toEqual([2]);
});

test('nothing is named where callers are unknown', () => {
  const { sites, ...rest } = ledgerOf([
    [1, 1],
    [1, 1],
  ]);
  const ledger = { ...rest, sites: { siteOf: sites.siteOf } } as JudgedLedger;
  expect(formerCallees(ledger, new Set([SUSPECT]), () => true).size).toBe(0);
});
