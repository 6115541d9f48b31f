import { expect, test } from 'vitest';
import { formerCallees } from '../../../src/profiler-thread/leaks/former-callees.js';
import type { JudgedLedger } from '../../../src/profiler-thread/leaks/judged-ledger.js';

/** Site of the suspect. */
const SUSPECT = 100;
const SILENT_MILLIS = 1000;

interface Sample {
  readonly site: number;
  readonly bytes?: number;
  /** Probability that it is reachable. */
  readonly share?: number;
  readonly millis?: number;
}

/** Returns a heap with these samples; each site has one node, and all but the suspect's are below the suspect. */
function ledgerOf(samples: readonly Sample[]): JudgedLedger {
  return {
    sites: {
      siteOf: (node: number) => node,
      nearestCaller: (node: number, isWanted: (site: number) => boolean) =>
        node !== SUSPECT && isWanted(SUSPECT) ? SUSPECT : undefined,
    },
    forEachReachable: (visit: (sample: object, reachableBytes: number) => void) => {
      for (const { site, bytes = 10, share = 1, millis = 0 } of samples) {
        visit({ node: site, bytes, firstSeenMillis: millis }, share * bytes);
      }
    },
  } as unknown as JudgedLedger;
}

const found = (samples: readonly Sample[]) =>
  formerCallees(ledgerOf(samples), new Set([SUSPECT]), SILENT_MILLIS).get(SUSPECT);

const twice = (sample: Sample) => [sample, sample];

test('three at most are named, from the one that holds most', () => {
  expect(found([1, 2, 3, 4].flatMap((site) => twice({ site, bytes: 10 * site })))).toEqual([4, 3, 2]);
});

test('a single sample names nothing', () => {
  expect(found([{ site: 1, bytes: 1000 }, ...twice({ site: 2, bytes: 1 })])).toEqual([2]);
});

test('what is probably garbage names nothing', () => {
  expect(found([...twice({ site: 1, share: 0.1 }), ...twice({ site: 2, share: 0.95 })])).toEqual([2]);
});

test('what still allocates is not named, even if that is garbage', () => {
  const garbage = { site: 1, millis: SILENT_MILLIS + 1, share: 0 };
  expect(found([...twice({ site: 1 }), garbage, ...twice({ site: 2, millis: SILENT_MILLIS })])).toEqual([2]);
});

test('the suspect itself is not named', () => {
  expect(found([...twice({ site: SUSPECT }), ...twice({ site: 1 })])).toEqual([1]);
});

test('nothing is named where callers are unknown', () => {
  const { sites, ...rest } = ledgerOf(twice({ site: 1 }));
  const ledger = { ...rest, sites: { siteOf: sites.siteOf } } as JudgedLedger;
  expect(formerCallees(ledger, new Set([SUSPECT]), SILENT_MILLIS).size).toBe(0);
});
