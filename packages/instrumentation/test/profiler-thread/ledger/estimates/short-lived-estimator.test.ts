import { describe, expect, test } from 'vitest';
import {
  type Attribution,
  ShortLivedEstimator,
} from '../../../../src/profiler-thread/ledger/estimates/short-lived-estimator.js';
import { range } from '../../../support/readings.js';

const PARSE = 1;
const RENDER = 2;

interface InEachPair {
  readonly node: number;
  readonly dead?: number;
  readonly alive?: number;
  readonly bytes?: number;
}

/** Adds pairs with the same content. */
function addPairs(
  to: ShortLivedEstimator,
  pairs: number,
  inEach: readonly InEachPair[],
  weight = 1,
): ShortLivedEstimator {
  const samples = inEach.flatMap(({ node, dead = 0, alive = 0, bytes = 100 }) =>
    range(1, dead + alive).map((at) => ({ node, bytes, died: at <= dead })),
  );
  for (let pair = 0; pair < pairs; pair++) to.addComplete(samples, weight);
  return to;
}

function addSeen(to: ShortLivedEstimator, node: number, count: number): void {
  for (let i = 0; i < count; i++) to.addSeen(node);
}

/** Adds 16 pairs with 64 short-lived samples, enough for a window of its own. */
function enough(node: number, to = new ShortLivedEstimator()): ShortLivedEstimator {
  return addPairs(to, 16, [{ node, dead: 4 }]);
}

function samplesByNode(attribution: Attribution | undefined): Record<number, number> {
  return Object.fromEntries(attribution!.shares.map(({ node, samples }) => [node, samples]));
}

describe('unseen samples are distributed', () => {
  test('over stacks by the number of their short-lived samples', () => {
    const unseen = addPairs(new ShortLivedEstimator(), 20, [
      { node: PARSE, dead: 3 },
      { node: RENDER, dead: 1 },
    ]);
    unseen.addUnseen(1000, 0);
    const attribution = unseen.attribute(0, false);
    expect(attribution?.shares).toEqual([
      { node: PARSE, samples: 750, bytes: 75_000 },
      { node: RENDER, samples: 250, bytes: 25_000 },
    ]);
    expect(attribution?.unattributed).toBe(0);
    expect(unseen.pending).toBe(0);
  });

  test("with the bytes of each stack's deaths", () => {
    const unseen = addPairs(new ShortLivedEstimator(), 16, [
      { node: PARSE, dead: 2, bytes: 10 },
      { node: PARSE, dead: 2, bytes: 30 },
      { node: RENDER, dead: 4, bytes: 1000 },
    ]);
    unseen.addUnseen(100, 0);
    expect(unseen.attribute(0, false)?.shares).toEqual([
      { node: PARSE, samples: 50, bytes: 50 * 20 },
      { node: RENDER, samples: 50, bytes: 50 * 1000 },
    ]);
  });

  test('so that each sample of a completePair twice as long weighs half', () => {
    const unseen = addPairs(new ShortLivedEstimator(), 16, [{ node: PARSE, dead: 4 }], 1 / 4);
    addPairs(unseen, 16, [{ node: RENDER, dead: 8 }], 1 / 8);
    unseen.addUnseen(10, 0);
    expect(unseen.attribute(0, false)?.shares.map(({ samples }) => samples)).toEqual([5, 5]);
  });

  test('not to objects that always survive, however many there are', () => {
    const unseen = new ShortLivedEstimator();
    for (let pair = 0; pair < 32; pair++) {
      addPairs(unseen, 1, [
        { node: PARSE, dead: 4 },
        { node: RENDER, alive: pair % 5 },
      ]);
    }
    addSeen(unseen, RENDER, 50);
    unseen.addUnseen(100, 0);
    expect(unseen.attribute(0, false)?.shares).toEqual([{ node: PARSE, samples: 100, bytes: 10_000 }]);
  });

  test('by the number of samples seen, rather than by pairs, where samples of a pair share their fate', () => {
    const unseen = new ShortLivedEstimator();
    // RENDER has a quarter of all samples. Half of these are seen, but by chance only a quarter survives in
    // the pairs.
    for (let pair = 0; pair < 32; pair++) {
      addPairs(unseen, 1, [
        { node: PARSE, dead: 600 },
        pair % 4 === 0 ? { node: RENDER, alive: 200 } : { node: RENDER, dead: 200 },
      ]);
    }
    addSeen(unseen, RENDER, 125);
    unseen.addUnseen(875, 0);
    const samples = samplesByNode(unseen.attribute(0, false));
    // Short-lived samples alone would give 175.
    expect(Math.abs(samples[RENDER]! - 125)).toBeLessThan(0.2);
    expect(samples[PARSE]! + samples[RENDER]!).toBeCloseTo(875, 6);
  });

  test('over stacks of one function, which share its fate', () => {
    const unseen = new ShortLivedEstimator((node) => node % 10);
    // Each of the stacks 12 and 22 of a function is in only half of the pairs; together they are in all.
    for (let pair = 0; pair < 32; pair++) {
      const node = pair < 16 ? 12 : 22;
      addPairs(unseen, 1, [
        { node: 1, dead: 600 },
        pair % 4 === 0 ? { node, alive: 200 } : { node, dead: 200 },
      ]);
    }
    addSeen(unseen, 12, 63);
    addSeen(unseen, 32, 62);
    unseen.addUnseen(875, 0);
    const samples = samplesByNode(unseen.attribute(0, false));
    expect(Math.abs(samples[12]! + samples[22]! - 125)).toBeLessThan(0.2);
    expect(samples[12]).toBeCloseTo(samples[22]!, 6);
  });

  test('with a standard error that falls with the number of pairs', () => {
    const errorOf = (pairs: number) => {
      const unseen = new ShortLivedEstimator();
      for (let pair = 0; pair < pairs; pair++) {
        addPairs(unseen, 1, [{ node: pair % 2 === 0 ? PARSE : RENDER, dead: 4 }]);
      }
      unseen.addUnseen(1000, 0);
      return unseen.attribute(0, false)!.errorSamples;
    };
    // A share of one half, each pair all or nothing: 1000 x 0.5 / sqrt(pairs - 1).
    expect(errorOf(16)).toBeCloseTo(500 / Math.sqrt(15), 6);
    expect(errorOf(64)).toBeCloseTo(500 / Math.sqrt(63), 6);
  });
});

describe('a complete pair weighs more if a collection was likely to interrupt it', () => {
  /** RENDER allocates half, in bursts that fill half of the young generation during a pair. */
  const settled = (interruptedPairs: number) => {
    const unseen = new ShortLivedEstimator();
    for (let pair = 0; pair < 40; pair++) unseen.addPair(20, true);
    for (let cut = 0; cut < interruptedPairs; cut++) unseen.addPair(20, false);
    addPairs(unseen, 20, [{ node: PARSE, dead: 1 }]);
    addPairs(unseen, 20, [{ node: RENDER, dead: 20 }]);
    unseen.addUnseen(1000, 0);
    return samplesByNode(unseen.attribute(0, true))[RENDER]!;
  };

  test('by the number of samples between two collections', () => {
    expect(settled(0)).toBeCloseTo((1000 * 20) / 21, 0);
    // Pairs with 1,200 samples met 20 collections, one in 60.
    const weight = (samples: number) => samples / (1 - samples / 60);
    expect(settled(20)).toBeCloseTo((1000 * weight(20)) / (weight(20) + weight(1)), 6);
  });

  test('but at most four times as much', () => {
    const other = settled(1000);
    expect(other).toBeGreaterThan((1000 * 80) / 82);
    expect(other).toBeLessThan((1000 * 80) / 81);
  });
});

describe('an interrupted pair larger than all complete ones', () => {
  test('is separated from pairs that complete ones represent', () => {
    const unseen = new ShortLivedEstimator();
    expect(unseen.addPair(5, false)).toBe(false);
    expect(unseen.addPair(20, true)).toBe(true);
    expect(unseen.addPair(20, false)).toBe(true);
    expect(unseen.addPair(21, false)).toBe(false);
  });

  test('counts with all samples born in it, distributed like those after its last collection', () => {
    const unseen = addPairs(new ShortLivedEstimator(), 20, [{ node: PARSE, dead: 10 }]);
    const born = range(1, 10).map((at) => ({ node: at > 2 ? RENDER : PARSE, bytes: 100, died: true }));
    for (let pair = 0; pair < 5; pair++) unseen.addInterrupted(born, 1, 100);
    unseen.addUnseen(700, 0);
    const samples = samplesByNode(unseen.attribute(0, true));
    expect(samples[PARSE]).toBeCloseTo(200 + 5 * 20, 6);
    expect(samples[RENDER]).toBeCloseTo(5 * 80, 6);
  });
});

describe('attribution waits for statistics', () => {
  test('until there are 64 deaths', () => {
    const unseen = addPairs(new ShortLivedEstimator(), 21, [{ node: PARSE, dead: 3 }]);
    unseen.addUnseen(10, 0);
    expect(unseen.attribute(9_999, false)).toBeUndefined();
    expect(unseen.pending).toBe(10);
    addPairs(unseen, 1, [{ node: PARSE, dead: 1 }]);
    expect(unseen.attribute(9_999, false)?.shares).toHaveLength(1);
  });

  test('in 16 pairs', () => {
    const unseen = addPairs(new ShortLivedEstimator(), 15, [{ node: PARSE, dead: 20 }]);
    unseen.addUnseen(10, 0);
    expect(unseen.attribute(9_999, false)).toBeUndefined();
    addPairs(unseen, 1, [{ node: PARSE, alive: 1 }]);
    expect(unseen.attribute(9_999, false)?.shares).toHaveLength(1);
  });

  test('for at most ten seconds, counted from the first unseen sample', () => {
    const unseen = addPairs(new ShortLivedEstimator(), 1, [{ node: PARSE, dead: 8 }]);
    unseen.addUnseen(10, 5_000);
    unseen.addUnseen(10, 14_000);
    expect(unseen.attribute(14_999, false)).toBeUndefined();
    expect(unseen.attribute(15_000, false)?.shares).toEqual([{ node: PARSE, samples: 20, bytes: 2_000 }]);
    unseen.addUnseen(10, 16_000);
    expect(unseen.attribute(25_999, false)).toBeUndefined();
  });

  test('but not if it is forced', () => {
    const unseen = addPairs(new ShortLivedEstimator(), 1, [{ node: PARSE, dead: 8 }]);
    unseen.addUnseen(10, 0);
    expect(unseen.hasEvidence(0)).toBe(true);
    expect(unseen.attribute(0, true)?.shares).toHaveLength(1);
  });

  test('and charges nobody with fewer than eight deaths', () => {
    const unseen = addPairs(new ShortLivedEstimator(), 1, [{ node: PARSE, dead: 7 }]);
    unseen.addUnseen(10, 0);
    expect(unseen.hasEvidence(0)).toBe(false);
    expect(unseen.attribute(0, true)).toEqual({ shares: [], unattributed: 10, errorSamples: 0 });
    expect(unseen.pending).toBe(0);
  });

  test('and keeps the statistics for later if there is nothing to attribute', () => {
    const unseen = enough(PARSE);
    expect(unseen.attribute(0, true)).toBeUndefined();
    unseen.addUnseen(0, 0);
    expect(unseen.attribute(0, true)).toBeUndefined();
    unseen.addUnseen(4, 0);
    expect(unseen.attribute(0, false)?.shares).toEqual([{ node: PARSE, samples: 4, bytes: 400 }]);
  });
});

describe('windows', () => {
  /** Makes an estimator that has just attributed a window with 32 pairs and 128 deaths of PARSE. */
  function afterParse() {
    const unseen = enough(PARSE, enough(PARSE));
    unseen.addUnseen(1000, 0);
    unseen.attribute(0, false);
    return unseen;
  }

  test('with plenty of pairs use only their own', () => {
    const unseen = enough(RENDER, enough(RENDER, afterParse()));
    unseen.addUnseen(10, 1_000);
    expect(unseen.attribute(1_000, false)?.shares).toEqual([{ node: RENDER, samples: 10, bytes: 1_000 }]);
  });

  test('with fewer pairs first wait for their own, as long as allowed', () => {
    const unseen = addPairs(afterParse(), 8, [{ node: RENDER, dead: 4 }]);
    unseen.addUnseen(10, 1_000);
    expect(unseen.attribute(1_000, false)).toBeUndefined();
    expect(unseen.attribute(10_999, false)).toBeUndefined();
  });

  test('and then borrow from earlier windows', () => {
    const unseen = addPairs(afterParse(), 8, [{ node: RENDER, dead: 4 }]);
    unseen.addUnseen(160, 1_000);
    const samples = samplesByNode(unseen.attribute(11_000, false));
    expect(samples[RENDER]).toBeCloseTo(32, 6);
    expect(samples[PARSE]).toBeCloseTo(128, 6);
  });

  test('without pairs use borrowed ones', () => {
    const unseen = afterParse();
    for (let i = 1; i < 5; i++) {
      unseen.addUnseen(10, i * 20_000);
      const samples = samplesByNode(unseen.attribute(i * 20_000 + 10_000, false));
      expect(samples).toEqual({ [PARSE]: 10 });
    }
  });

  test('borrow nothing older than ten minutes', () => {
    const unseen = afterParse();
    unseen.addUnseen(10, 600_000);
    expect(unseen.attribute(600_001, true)).toMatchObject({ shares: [], unattributed: 10 });
  });

  test('borrow no more than they need', () => {
    const unseen = enough(RENDER, enough(RENDER, afterParse()));
    unseen.addUnseen(10, 1_000);
    unseen.attribute(1_000, false);
    addPairs(unseen, 8, [{ node: 3, dead: 4 }]);
    unseen.addUnseen(160, 2_000);
    const samples = samplesByNode(unseen.attribute(2_000, true));
    expect(Object.keys(samples)).toEqual(['2', '3']);
    expect(samples[3]).toBeCloseTo(32, 6);
    expect(samples[RENDER]).toBeCloseTo(128, 6);
  });
});
