import { readFileSync } from 'node:fs';
import v8 from 'node:v8';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { transferredBuffers } from '../../../src/main-thread/buffers/transferred-buffers.js';
import { residentSplit } from '../../../src/main-thread/metrics/resident-memory.js';
import { parseKernelMemory, readKernelMemory } from '../../../src/profiler-thread/resident/kernel-memory.js';
import type { KernelMemory } from '../../../src/protocol/metric-points.js';

afterEach(() => vi.restoreAllMocks());

/** V8's allocations beside its heap, and compiled code, in bytes. */
const MALLOCED = 50;
const CODE = 30;

/** Returns the parts, in bytes, for a process with these figures. */
function splitOf(
  usage: Partial<NodeJS.MemoryUsage>,
  kernel: KernelMemory,
  known: { readonly profilerBytes?: number; readonly workerBytes?: number } = {},
) {
  vi.spyOn(process, 'memoryUsage').mockReturnValue({
    rss: 0,
    heapTotal: 0,
    heapUsed: 0,
    external: 0,
    arrayBuffers: 0,
    ...usage,
  });
  vi.spyOn(v8, 'getHeapStatistics').mockReturnValue({ malloced_memory: MALLOCED } as v8.HeapInfo);
  const space = (space_name: string, used: number, physical_space_size: number) => {
    return { space_name, space_used_size: used, physical_space_size };
  };
  vi.spyOn(v8, 'getHeapSpaceStatistics').mockReturnValue([
    space('new_space', 90, 200),
    // Its objects have pages that were never touched.
    space('new_large_object_space', 900, 10),
    space('code_space', 15, CODE - 10),
    space('code_large_object_space', 10, 10),
    space('old_space', 100, 110),
    space('trusted_space', 10, 20),
    space('large_object_space', 30, 30),
  ] as v8.HeapSpaceInfo[]);
  return residentSplit({ ...known, kernel });
}

const KERNEL: KernelMemory = { file: 90, shared: 8, stack: 7 };
const MAPPED = { stack: 17, privateFile: 5, malloc: 60, retained: 40, external: 300, v8: 0 };

const sum = (kinds: Readonly<Record<string, number>>) =>
  Object.values(kinds).reduce((total, bytes) => total + bytes, 0);

test('counts array buffers and code only once, and leaves the unexplained rest', () => {
  const usage = { rss: 1000, external: 300, arrayBuffers: 200 };
  expect(splitOf(usage, KERNEL, { profilerBytes: 20 })).toEqual({
    parts: {
      heap: 240,
      heap_free: 130,
      code: 30,
      array_buffers: 200,
      external: 100,
      malloc: 50,
      profiler: 20,
      stack: 7,
      mapped_file: 90,
      shared: 8,
      unexplained: 125,
    },
    heap: [
      { generation: 'young', state: 'used', bytes: 100 },
      { generation: 'young', state: 'free', bytes: 110 },
      { generation: 'old', state: 'used', bytes: 110 },
      { generation: 'old', state: 'free', bytes: 20 },
      { generation: 'large', state: 'used', bytes: 30 },
      { generation: 'large', state: 'free', bytes: 0 },
    ],
  });
});

test('has what only mappings tell, once they were read', () => {
  const usage = { rss: 1000, external: 300, arrayBuffers: 200 };
  const { parts } = splitOf(usage, { ...KERNEL, mapped: MAPPED });
  expect(parts).toMatchObject({ malloc: 60, allocator_retained: 40, stack: 17, mapped_file: 95 });
  expect(sum(parts)).toBe(1000);
});

test('counts what was freed since then as kept by the allocator, as far as it is still resident', () => {
  const kernel = { ...KERNEL, mapped: MAPPED };
  const retained = (rss: number, external: number) => {
    const { parts } = splitOf({ rss, external, arrayBuffers: external }, kernel);
    expect(sum(parts)).toBe(rss);
    return [parts.allocator_retained, parts.unexplained];
  };
  const [, rest = 0] = retained(1000, 300);
  expect(rest).toBeGreaterThan(0);
  // All of the 200 freed bytes are resident, or only a part, or none.
  expect(retained(1000, 100)).toEqual([240, rest]);
  expect(retained(900 - rest, 100)).toEqual([140, 0]);
  expect(retained(800 - rest, 100)).toEqual([40, 0]);
  // More than then.
  expect(retained(1100, 400)).toEqual([40, rest]);
});

test('counts memory that V8 keeps for its heap as free, and none twice when the heap grows', () => {
  const v8Bytes = 370 + CODE + 20 + 60;
  const mapped = { ...MAPPED, v8: v8Bytes };
  const { parts, heap } = splitOf({ rss: 1000 }, { ...KERNEL, mapped }, { profilerBytes: 20 });
  expect(parts.heap_free).toBe(130 + 60);
  expect(heap[1]).toEqual({ generation: 'young', state: 'free', bytes: 110 + 60 });
  expect(sum(parts)).toBe(1000);
  expect(splitOf({}, { ...KERNEL, mapped: { ...mapped, v8: 300 } }).parts.heap_free).toBe(130);
});

test('leaves out what was returned since the mappings were read', () => {
  // The heap was larger by 100 bytes then.
  const kernel = { ...KERNEL, mapped: { ...MAPPED, v8: 370 + CODE + 100 } };
  const atRss = (rss: number) => splitOf({ rss }, kernel).parts;
  const all = 2000 - (atRss(2000).unexplained ?? 0);
  expect(atRss(all)).toMatchObject({ heap_free: 130 + 100, allocator_retained: 340, unexplained: 0 });
  expect(atRss(all - 310)).toMatchObject({ heap_free: 130 + 100, allocator_retained: 30, unexplained: 0 });
  expect(atRss(all - 400)).toMatchObject({ heap_free: 130 + 40, allocator_retained: 0, unexplained: 0 });
  expect(atRss(all - 450)).toMatchObject({ heap_free: 130, allocator_retained: 0, unexplained: -10 });
});

test('has the heaps of worker threads as a kind of their own, when they are known or can be told', () => {
  const mapped = { ...MAPPED, v8: 370 + CODE + 60 };
  const known = splitOf({ rss: 1000 }, { ...KERNEL, mapped }, { workerBytes: 45 }).parts;
  expect(known).toMatchObject({ worker: 45, heap_free: 130 + 15 });
  expect(sum(known)).toBe(1000);
  vi.spyOn(transferredBuffers, 'hasWorkers', 'get').mockReturnValue(true);
  expect(splitOf({ rss: 1000 }, { ...KERNEL, mapped }).parts).toMatchObject({ worker: 60, heap_free: 130 });
  expect(splitOf({}, KERNEL).parts).not.toHaveProperty('worker');
});

test('has a negative rest for memory that is reserved but not touched, and still the right sum', () => {
  const { parts } = splitOf({ rss: 1000, external: 5000, arrayBuffers: 5000 }, KERNEL);
  expect(parts.unexplained).toBe(-4555);
  expect(sum(parts)).toBe(1000);
});

test('leaves nothing of the external memory if array buffers exceed it', () => {
  const { parts } = splitOf({ rss: 1000, external: 100, arrayBuffers: 150 }, KERNEL);
  expect(parts.external).toBe(0);
  expect(sum(parts)).toBe(1000);
});

test.runIf(process.platform === 'linux')(
  'the parts of this process add up to its resident memory, to the byte',
  () => {
    const usage = vi.spyOn(process, 'memoryUsage');
    const { parts: kinds, heap } = residentSplit({ kernel: readKernelMemory() });
    expect(usage.mock.results).toHaveLength(1);
    const { rss, arrayBuffers } = usage.mock.results[0]!.value as NodeJS.MemoryUsage;
    expect(sum(kinds)).toBe(rss);
    expect(kinds.array_buffers).toBe(arrayBuffers);
    expect(kinds.heap).toBeGreaterThan(1_000_000);
    expect(heap.reduce((bytes, part) => bytes + part.bytes, 0)).toBe(kinds.heap! + kinds.heap_free!);
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
    expect(parseKernelMemory(status)).toEqual({ file: 40 * 1024, shared: 2 * 1024, stack: 132 * 1024 });
  });

  test('are undefined when a line is missing, and those kinds are then absent', () => {
    expect(parseKernelMemory('VmStk:\t132 kB\nRssFile:\t40 kB\n')).toBeUndefined();
    vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin');
    expect(readKernelMemory()).toBeUndefined();
    expect(residentSplit({ kernel: readKernelMemory() }).parts).not.toHaveProperty('mapped_file');
  });
});
