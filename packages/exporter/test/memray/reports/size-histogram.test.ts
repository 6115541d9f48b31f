import { expect, test } from 'vitest';
import { SizeHistogram } from '../../../src/memray/reports/size-histogram.js';

test('puts powers of two on the boundary of two bars as memray does', () => {
  const histogram = new SizeHistogram();
  for (let power = 0; power <= 20; power += 1) histogram.allocated(1, 0, 0, 2 ** power);
  // Result of `get_histogram_databins` in memray 1.20 for these sizes.
  expect(histogram.buckets(10).map(({ count }) => count)).toEqual([2, 2, 3, 1, 2, 3, 2, 1, 2, 3]);
});
