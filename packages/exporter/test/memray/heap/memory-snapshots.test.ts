import { expect, test } from 'vitest';
import { MemorySnapshots } from '../../../src/memray/heap/memory-snapshots.js';

test('has the last record even when others were thinned out', () => {
  const snapshots = new MemorySnapshots(() => 1, 8);
  expect(snapshots.last).toBeUndefined();
  let thinned = 0;
  for (let millis = 1; millis <= 100; millis += 1) {
    snapshots.memoryRecord(millis, 2);
    expect(snapshots.last).toEqual({ millis, residentBytes: 2, heapBytes: 1 });
    if (snapshots.list().at(-1)?.millis !== millis) thinned += 1;
    expect(snapshots.list(3).length).toBeLessThanOrEqual(3);
  }
  expect(thinned).toBeGreaterThan(50);
});
