import { readFileSync } from 'node:fs';
import v8 from 'node:v8';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { residentByKind } from '../../../src/main-thread/metrics/resident-memory.js';
import { parseKernelMemory, readKernelMemory } from '../../../src/profiler-thread/metrics/kernel-memory.js';
import type { KernelMemory } from '../../../src/protocol/metric-points.js';

afterEach(() => vi.restoreAllMocks());

/** V8's heap, in bytes. */
const HEAP = { physical: 400, malloced: 50, code: 30 };

/** Returns the kinds, in bytes, for a process with these figures. */
function kindsOf(usage: Partial<NodeJS.MemoryUsage>, kernel: KernelMemory, profilerBytes = 0) {
  vi.spyOn(process, 'memoryUsage').mockReturnValue({
    rss: 0,
    heapTotal: 0,
    heapUsed: 0,
    external: 0,
    arrayBuffers: 0,
    ...usage,
  });
  vi.spyOn(v8, 'getHeapStatistics').mockReturnValue({
    total_physical_size: HEAP.physical,
    malloced_memory: HEAP.malloced,
  } as v8.HeapInfo);
  const space = (space_name: string, physical_space_size: number) => ({ space_name, physical_space_size });
  vi.spyOn(v8, 'getHeapSpaceStatistics').mockReturnValue([
    space('new_space', 200),
    space('code_space', HEAP.code - 10),
    space('code_large_object_space', 10),
    space('old_space', 170),
  ] as v8.HeapSpaceInfo[]);
  return residentByKind(profilerBytes, kernel);
}

const sum = (kinds: Readonly<Record<string, number>>) =>
  Object.values(kinds).reduce((total, bytes) => total + bytes, 0);

test('counts array buffers and code only once, and leaves the unexplained rest', () => {
  const kernel = { file: 90, stack: 7 };
  expect(kindsOf({ rss: 1000, external: 300, arrayBuffers: 200 }, kernel, 20)).toEqual({
    heap: 370,
    code: 30,
    array_buffers: 200,
    external: 100,
    malloc: 50,
    profiler: 20,
    stack: 7,
    mapped_file: 90,
    unexplained: 133,
  });
});

test('has a negative rest for memory that is reserved but not touched, and still the right sum', () => {
  const kinds = kindsOf({ rss: 1000, external: 5000, arrayBuffers: 5000 }, { file: 0, stack: 0 });
  expect(kinds.unexplained).toBe(-4450);
  expect(sum(kinds)).toBe(1000);
});

test('leaves nothing of the external memory if array buffers exceed it', () => {
  const kinds = kindsOf({ rss: 1000, external: 100, arrayBuffers: 150 }, { file: 0, stack: 0 });
  expect(kinds.external).toBe(0);
  expect(sum(kinds)).toBe(1000);
});

test.runIf(process.platform === 'linux')(
  'the kinds of this process add up to its resident memory, to the byte',
  () => {
    const usage = vi.spyOn(process, 'memoryUsage');
    const kinds = residentByKind(0, readKernelMemory());
    expect(usage.mock.results).toHaveLength(1);
    const { rss, arrayBuffers } = usage.mock.results[0]!.value as NodeJS.MemoryUsage;
    expect(sum(kinds)).toBe(rss);
    expect(kinds.array_buffers).toBe(arrayBuffers);
    expect(kinds.heap).toBeGreaterThan(1_000_000);
    expect(kinds.code).toBeGreaterThan(10_000);
    // The executable alone is larger.
    expect(kinds.mapped_file).toBeGreaterThan(10_000_000);
    expect(kinds.stack).toBeGreaterThan(10_000);
  },
);

describe("the kernel's figures", () => {
  test.runIf(process.platform === 'linux')('are in the status of the process', () => {
    const { file = 0, stack = 0 } = parseKernelMemory(readFileSync('/proc/self/status', 'utf8')) ?? {};
    expect(Math.min(file, stack)).toBeGreaterThan(0);
  });

  test('are file pages, shared ones, and the stack', () => {
    const status = 'VmStk:\t     132 kB\nRssAnon:\t   9 kB\nRssFile:\t   40 kB\nRssShmem:\t       2 kB\n';
    expect(parseKernelMemory(status)).toEqual({ file: 42 * 1024, stack: 132 * 1024 });
  });

  test('are undefined when a line is missing, and those kinds are then absent', () => {
    expect(parseKernelMemory('VmStk:\t132 kB\nRssFile:\t40 kB\n')).toBeUndefined();
    vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin');
    expect(readKernelMemory()).toBeUndefined();
    expect(Object.keys(residentByKind(0, readKernelMemory()))).not.toContain('mapped_file');
  });
});
