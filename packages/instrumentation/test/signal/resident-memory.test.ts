import v8 from 'node:v8';
import { afterEach, expect, test, vi } from 'vitest';
import { residentByKind } from '../../src/signal/resident-memory.js';

afterEach(() => vi.restoreAllMocks());

/** The kinds for a process of these numbers, in bytes. */
function kindsOf(usage: Partial<NodeJS.MemoryUsage>, heap: { physical: number; malloced: number }) {
  vi.spyOn(process, 'memoryUsage').mockReturnValue({
    rss: 0,
    heapTotal: 0,
    heapUsed: 0,
    external: 0,
    arrayBuffers: 0,
    ...usage,
  });
  vi.spyOn(v8, 'getHeapStatistics').mockReturnValue({
    total_physical_size: heap.physical,
    malloced_memory: heap.malloced,
  } as v8.HeapInfo);
  return residentByKind();
}

const sum = (kinds: Readonly<Record<string, number>>) =>
  Object.values(kinds).reduce((total, bytes) => total + bytes, 0);

test('array buffers are not counted twice, and what nothing explains is what is left', () => {
  const kinds = kindsOf({ rss: 1000, external: 300, arrayBuffers: 200 }, { physical: 400, malloced: 50 });
  expect(kinds).toEqual({ heap: 400, array_buffers: 200, external: 100, malloc: 50, unexplained: 250 });
});

test('memory that is reserved but not touched makes it negative, and the sum is right all the same', () => {
  const kinds = kindsOf({ rss: 1000, external: 5000, arrayBuffers: 5000 }, { physical: 400, malloced: 50 });
  expect(kinds.unexplained).toBe(-4450);
  expect(sum(kinds)).toBe(1000);
});

test('array buffers beyond the external memory leave none of the rest', () => {
  const kinds = kindsOf({ rss: 1000, external: 100, arrayBuffers: 150 }, { physical: 400, malloced: 50 });
  expect(kinds.external).toBe(0);
  expect(sum(kinds)).toBe(1000);
});

test('the kinds of this process add up to its resident memory, to the byte', () => {
  const usage = vi.spyOn(process, 'memoryUsage');
  const kinds = residentByKind();
  expect(usage.mock.results).toHaveLength(1);
  const { rss, arrayBuffers } = usage.mock.results[0]!.value as NodeJS.MemoryUsage;
  expect(sum(kinds)).toBe(rss);
  expect(kinds.array_buffers).toBe(arrayBuffers);
  expect(kinds.heap).toBeGreaterThan(1_000_000);
});
