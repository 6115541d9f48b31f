// Benchmarks import modules of the built package that it does not export. Nothing else would notice that one was moved.
import { expect, test } from 'vitest';

test('benchmarks find the ledger, its estimator and the leak detector in the built package', async () => {
  const built: Record<string, unknown> = await import('../bench/lib/built-ledger.mjs' as string);
  expect(Object.keys(built).sort()).toEqual([
    'CallTree',
    'LeakDetector',
    'Ledger',
    'ROOT',
    'ShortLivedEstimator',
  ]);
  expect(Object.values(built)).not.toContain(undefined);
});
