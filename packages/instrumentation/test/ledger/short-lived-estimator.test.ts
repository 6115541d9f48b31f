import { describe, expect, test } from 'vitest';
import { ShortLivedEstimator } from '../../src/ledger/short-lived-estimator.js';

const PARSE = 1;
const RENDER = 2;

function estimator(deaths: readonly { node: number; count: number; bytes?: number; weight?: number }[] = []) {
  const result = new ShortLivedEstimator();
  addDeaths(result, deaths);
  return result;
}

function addDeaths(
  to: ShortLivedEstimator,
  deaths: readonly { node: number; count: number; bytes?: number; weight?: number }[],
): void {
  for (const { node, count, bytes = 100, weight = 1 } of deaths) {
    for (let i = 0; i < count; i++) to.addDeath(node, bytes, weight);
  }
}

describe('the unseen are spread', () => {
  test('over stacks by the number of their early deaths', () => {
    const unseen = estimator([
      { node: PARSE, count: 60 },
      { node: RENDER, count: 20 },
    ]);
    unseen.addUnseen(1000, 0);
    expect(unseen.settle(0, false)).toEqual({
      shares: [
        { node: PARSE, samples: 750, bytes: 75_000 },
        { node: RENDER, samples: 250, bytes: 25_000 },
      ],
      unattributed: 0,
    });
    expect(unseen.pending).toBe(0);
  });

  test('with the bytes of the deaths of each stack', () => {
    const unseen = estimator([
      { node: PARSE, count: 32, bytes: 10 },
      { node: PARSE, count: 32, bytes: 30 },
      { node: RENDER, count: 64, bytes: 1000 },
    ]);
    unseen.addUnseen(100, 0);
    expect(unseen.settle(0, false)?.shares).toEqual([
      { node: PARSE, samples: 50, bytes: 50 * 20 },
      { node: RENDER, samples: 50, bytes: 50 * 1000 },
    ]);
  });

  test('a census twice as long finds twice as many: each of its deaths weighs half', () => {
    const unseen = estimator([
      { node: PARSE, count: 40, weight: 1 / 4 },
      { node: RENDER, count: 80, weight: 1 / 8 },
    ]);
    unseen.addUnseen(10, 0);
    expect(unseen.settle(0, false)?.shares.map(({ samples }) => samples)).toEqual([5, 5]);
  });
});

describe('a settlement waits for evidence', () => {
  test('until there are 64 deaths', () => {
    const unseen = estimator([{ node: PARSE, count: 63 }]);
    unseen.addUnseen(10, 0);
    expect(unseen.settle(9_999, false)).toBeUndefined();
    expect(unseen.pending).toBe(10);
    addDeaths(unseen, [{ node: PARSE, count: 1 }]);
    expect(unseen.settle(9_999, false)?.shares).toHaveLength(1);
  });

  test('at most ten seconds, counted from the first unseen sample', () => {
    const unseen = estimator([{ node: PARSE, count: 8 }]);
    unseen.addUnseen(10, 5_000);
    unseen.addUnseen(10, 14_000);
    expect(unseen.settle(14_999, false)).toBeUndefined();
    expect(unseen.settle(15_000, false)?.shares).toEqual([{ node: PARSE, samples: 20, bytes: 2_000 }]);
    unseen.addUnseen(10, 16_000);
    expect(unseen.settle(25_999, false)).toBeUndefined();
  });

  test('not when it is forced', () => {
    const unseen = estimator([{ node: PARSE, count: 8 }]);
    unseen.addUnseen(10, 0);
    expect(unseen.settle(0, true)?.shares).toHaveLength(1);
  });

  test('and with fewer than eight deaths nobody is charged', () => {
    const unseen = estimator([{ node: PARSE, count: 7 }]);
    unseen.addUnseen(10, 0);
    expect(unseen.settle(0, true)).toEqual({ shares: [], unattributed: 10 });
    expect(unseen.pending).toBe(0);
  });

  test('nothing unseen is nothing to settle, and the evidence stays for later', () => {
    const unseen = estimator([{ node: PARSE, count: 64 }]);
    expect(unseen.settle(0, true)).toBeUndefined();
    unseen.addUnseen(0, 0);
    expect(unseen.settle(0, true)).toBeUndefined();
    unseen.addUnseen(4, 0);
    expect(unseen.settle(0, false)?.shares).toEqual([{ node: PARSE, samples: 4, bytes: 400 }]);
  });
});

describe('windows', () => {
  /** An estimator that has just settled a window with 64 deaths of PARSE. */
  function afterParse() {
    const unseen = estimator([{ node: PARSE, count: 64 }]);
    unseen.addUnseen(1000, 0);
    unseen.settle(0, false);
    return unseen;
  }

  test('with enough deaths stand for themselves', () => {
    const unseen = afterParse();
    addDeaths(unseen, [{ node: RENDER, count: 64 }]);
    unseen.addUnseen(10, 1_000);
    expect(unseen.settle(1_000, false)?.shares).toEqual([{ node: RENDER, samples: 10, bytes: 1_000 }]);
  });

  test('with fewer wait for their own first, as long as they may', () => {
    const unseen = afterParse();
    addDeaths(unseen, [{ node: RENDER, count: 32 }]);
    unseen.addUnseen(10, 1_000);
    expect(unseen.settle(1_000, false)).toBeUndefined();
    expect(unseen.settle(10_999, false)).toBeUndefined();
  });

  test('and then borrow those of the windows before', () => {
    const unseen = afterParse();
    addDeaths(unseen, [{ node: RENDER, count: 32 }]);
    unseen.addUnseen(96, 1_000);
    const shares = unseen.settle(11_000, false)?.shares;
    expect(shares?.map(({ node, samples }) => [node, samples])).toEqual([
      [RENDER, 32],
      [PARSE, 64],
    ]);
  });

  test('without deaths of their own live on borrowed ones', () => {
    const unseen = afterParse();
    for (let i = 1; i < 5; i++) {
      unseen.addUnseen(10, i * 20_000);
      expect(unseen.settle(i * 20_000 + 10_000, false)?.shares[0]).toMatchObject({
        node: PARSE,
        samples: 10,
      });
    }
  });

  test('borrow nothing that is older than ten minutes', () => {
    const unseen = afterParse();
    unseen.addUnseen(10, 600_000);
    expect(unseen.settle(600_001, true)).toEqual({ shares: [], unattributed: 10 });
  });

  test('borrow no more than they need', () => {
    const unseen = afterParse();
    addDeaths(unseen, [{ node: RENDER, count: 64 }]);
    unseen.addUnseen(10, 1_000);
    unseen.settle(1_000, false);
    addDeaths(unseen, [{ node: 3, count: 10 }]);
    unseen.addUnseen(74, 2_000);
    const shares = unseen.settle(2_000, true)?.shares;
    expect(shares?.map(({ node, samples }) => [node, Math.round(samples)])).toEqual([
      [3, 10],
      [RENDER, 64],
    ]);
  });
});
