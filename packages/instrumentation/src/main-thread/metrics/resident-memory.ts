import v8 from 'node:v8';
import { memoryUsage } from '../../protocol/memory-usage.js';
import type { MainMemory, MainMemoryRequest } from '../../protocol/messages.js';
import type { KernelMemory } from '../../protocol/metric-points.js';
import { MathMax, MathMin, ObjectValues } from '../../protocol/primordials.js';
import type { HeapPart, ResidentSplit } from '../../protocol/resident-memory.js';
import { transferredBuffers } from '../buffers/transferred-buffers.js';

/** The profiler thread's knowledge of the process's memory. */
export interface ProfilerKnowledge {
  /** Heap of the profiler thread, in bytes. Default: 0 */
  readonly profilerBytes?: number | undefined;
  /** Heaps of the application's worker threads, in bytes; undefined while they are not known. */
  readonly workerBytes?: number | undefined;
  /** If undefined, its parts are absent, and in the remainder. */
  readonly kernel?: KernelMemory | undefined;
}

/**
 * Returns the resident memory of the process by part, in bytes. `unexplained` is the remainder, so that the parts always add
 * up to the resident set. It is negative if memory is reserved but not touched yet. Figures that only the mappings have are
 * some time old: where the parts exceed the resident set, that memory was returned since, and is left out. Reads only existing counters:
 * takes microseconds, however much memory there is.
 */
export function residentSplit(known: ProfilerKnowledge = {}): ResidentSplit {
  const { profilerBytes = 0, workerBytes, kernel } = known;
  const { rss, external, arrayBuffers } = memoryUsage();
  const transferred = transferredBuffers.bytes({ external, arrayBuffers });
  const { heap, code } = heapParts(v8.getHeapSpaceStatistics());
  const mapped = kernel?.mapped;
  const counted = bytesOf(heap) + code + profilerBytes + (workerBytes ?? 0);
  // Memory of V8 that no heap counts: heaps of unknown workers, or pages kept for the next garbage collections.
  const uncounted = MathMax(0, (mapped?.v8 ?? 0) - counted);
  const isOfWorkers = transferredBuffers.hasWorkers && workerBytes === undefined;
  const explained = {
    heap: bytesOf(heap, 'used'),
    heap_free: bytesOf(heap, 'free'),
    code,
    array_buffers: arrayBuffers + transferred,
    // Subtract array buffers, which V8 counts as external memory too.
    external: MathMax(0, external - arrayBuffers - transferred),
    malloc: mapped?.malloc ?? v8.getHeapStatistics().malloced_memory,
    ...(workerBytes !== undefined && { worker: workerBytes }),
    profiler: profilerBytes,
    ...(kernel && {
      stack: mapped?.stack ?? kernel.stack,
      mapped_file: kernel.file + (mapped?.privateFile ?? 0),
      shared: kernel.shared,
    }),
  };
  const sum = ObjectValues<number>(explained).reduce((total, bytes) => total + bytes, 0);
  const rest = MathMax(0, rss - sum);
  const unreturned = MathMin(uncounted, rest);
  // The allocator keeps memory that was freed since the mappings were read, and is still resident.
  const freed = mapped ? mapped.external - explained.array_buffers - explained.external : 0;
  const retained = mapped && MathMin(mapped.retained + MathMax(0, freed), rest - unreturned);
  const all = withKept(heap, isOfWorkers ? 0 : unreturned);
  const parts = {
    ...explained,
    heap_free: bytesOf(all, 'free'),
    ...(retained !== undefined && { allocator_retained: retained }),
    ...(isOfWorkers && mapped && { worker: unreturned }),
  };
  return { parts: { ...parts, unexplained: rss - sum - unreturned - (retained ?? 0) }, heap: all };
}

/** Returns what the profiler thread records of this thread's memory. */
export function mainMemory(request: MainMemoryRequest): MainMemory {
  return {
    resident: residentSplit(request).parts,
    heapUsedBytes: v8.getHeapStatistics().used_heap_size,
  };
}

/** Returns the resident heap of this thread by generation and state, and its compiled code in bytes. */
function heapParts(spaces: readonly v8.HeapSpaceInfo[]): {
  readonly heap: readonly HeapPart[];
  readonly code: number;
} {
  const sums = { young: { used: 0, free: 0 }, old: { used: 0, free: 0 }, large: { used: 0, free: 0 } };
  let code = 0;
  for (const { space_name: name, space_used_size: used, physical_space_size: bytes } of spaces) {
    if (name.startsWith('code_')) {
      code += bytes;
      continue;
    }
    const sum =
      sums[name.startsWith('new_') ? 'young' : name.endsWith('large_object_space') ? 'large' : 'old'];
    // Objects may have pages that were never touched.
    const resident = MathMin(used, bytes);
    sum.used += resident;
    sum.free += bytes - resident;
  }
  return { heap: partsOf(sums), code };
}

type Sums = Readonly<Record<HeapPart['generation'], Readonly<Record<HeapPart['state'], number>>>>;

function partsOf({ young, old, large }: Sums): readonly HeapPart[] {
  return [
    { generation: 'young', state: 'used', bytes: young.used },
    { generation: 'young', state: 'free', bytes: young.free },
    { generation: 'old', state: 'used', bytes: old.used },
    { generation: 'old', state: 'free', bytes: old.free },
    { generation: 'large', state: 'used', bytes: large.used },
    { generation: 'large', state: 'free', bytes: large.free },
  ];
}

/** Adds memory that V8 keeps for its heaps: most of it was of the young generation. */
function withKept(heap: readonly HeapPart[], kept: number): readonly HeapPart[] {
  return heap.map((part) =>
    part.generation === 'young' && part.state === 'free' ? { ...part, bytes: part.bytes + kept } : part,
  );
}

function bytesOf(heap: readonly HeapPart[], state?: HeapPart['state']): number {
  return heap.reduce(
    (sum, part) => (state === undefined || part.state === state ? sum + part.bytes : sum),
    0,
  );
}
