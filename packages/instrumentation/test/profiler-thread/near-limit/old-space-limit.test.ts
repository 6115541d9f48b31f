import { expect, test } from 'vitest';
import { oldSpaceLimit } from '../../../src/profiler-thread/near-limit/old-space-limit.js';

const MIB = 2 ** 20;

// Limits as Node reports them for these options, with the old generation's in MiB.
test.each([
  ['22.23.3', '', 4144, 4096],
  ['22.23.3', '--max-old-space-size=64', 112, 64],
  ['24.21.0', '', 4288, 4096],
  ['24.21.0', '--max-old-space-size=1024 --max_old_space_size=64', 256, 64],
  ['24.21.0', '--max-semi-space-size=16', 4144, 4096],
  ['26.10.0', '', 4192, 4096],
  ['26.10.0', '--max-heap-size=300', 300, 225],
])('Node %s with "%s" reports %i MiB', (version, flags, reported, old) => {
  expect(oldSpaceLimit(reported * MIB, flags, version) / MIB).toBe(old);
});
