import { expect, test } from 'vitest';
import { SizeHistogram } from '../../src/memray/size-histogram.js';

test('powers of two on the border of two bars fall where memray puts them', () => {
  const histogram = new SizeHistogram();
  for (let power = 0; power <= 20; power += 1) histogram.allocated(1, 0, 0, 2 ** power);
  // What `get_histogram_databins` of memray 1.20 gives for these sizes.
  expect(histogram.buckets(10).map(({ count }) => count)).toEqual([2, 2, 3, 1, 2, 3, 2, 1, 2, 3]);
});
