import { expect, test } from 'vitest';
import { snapshotCost, snapshotCostText } from '../../src/heap-snapshot/index.js';

test('states the measured cost when the heap has so many bytes in use', () => {
  expect(snapshotCost(100_000_000)).toEqual({
    pauseMillis: [4_000, 35_000],
    memoryBytes: 1_600_000_000,
    fileBytes: [50_000_000, 200_000_000],
  });
  const format = (bytes: number) => `${bytes / 1e6} MB`;
  expect(snapshotCostText(7, 100_000_000, 'in /tmp', format)).toBe(
    'process 7 has 100 MB of heap in use. A heap snapshot stops it for 4.0 to 35.0 s, takes up to 1600 MB more of its ' +
      'memory meanwhile, and 50 MB to 200 MB in /tmp',
  );
});
