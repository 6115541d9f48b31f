import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CgroupUse } from '../../../src/profiler-thread/near-limit/cgroup-use.js';
import type { CgroupMemory } from '../../../src/profiler-thread/resident/cgroup-memory.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const MIB = 2 ** 20;

function newUse(memory: Partial<CgroupMemory> | undefined) {
  const full = { limit: undefined, high: undefined, usage: undefined, reclaimable: undefined, events: {} };
  const read = vi.fn(() => memory && { ...full, ...memory });
  return { read, use: new CgroupUse(read) };
}

test('leaves out page cache that is reclaimed first when it compares with the limit', () => {
  const { use } = newUse({ limit: 1000 * MIB, usage: 900 * MIB, reclaimable: 200 * MIB });
  expect(use.read()).toEqual({ kind: 'cgroup', limitBytes: 1000 * MIB, usedBytes: 700 * MIB });
});

test('reads every 2 s when the limit is far, and every 100 ms when it is near', () => {
  for (const [usage, readings] of [
    [100, 5],
    [1990, 100],
  ] as const) {
    const { use, read } = newUse({ limit: 2000 * MIB, usage: usage * MIB });
    for (let millis = 0; millis < 10_000; millis += 25) {
      use.read();
      vi.advanceTimersByTime(25);
    }
    expect(read).toHaveBeenCalledTimes(readings);
  }
});

test('has no value without a group, a limit or a usage', () => {
  expect(newUse(undefined).use.read()).toBeUndefined();
  expect(newUse({ usage: 5 }).use.read()).toBeUndefined();
  expect(newUse({ limit: 5 }).use.read()).toBeUndefined();
});
