import { expect, test } from 'vitest';
import { ShortLivedStatistics } from '../../../../src/profiler-thread/ledger/estimates/short-lived-statistics.js';
import type { NodeIndex } from '../../../../src/profiler-thread/ledger/index.js';

test('any number of functions may share the unseen samples', () => {
  const count = 150_000;
  const evidence = new ShortLivedStatistics();
  const samples = Array.from({ length: count }, (_, at) => {
    return { node: (at + 1) as NodeIndex, bytes: 100, died: true };
  });
  evidence.addTaken(count);
  evidence.addPair(samples, 1, (node) => node);
  const { shares, error } = evidence.shares();
  expect(shares).toHaveLength(count);
  expect(error).toBeGreaterThanOrEqual(0);
});
