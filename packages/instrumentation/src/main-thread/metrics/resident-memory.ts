import v8 from 'node:v8';
import { memoryUsage } from '../../protocol/memory-usage.js';
import type { MainMemory, MainMemoryRequest } from '../../protocol/messages.js';
import type { KernelMemory } from '../../protocol/metric-points.js';
import { MathMax, ObjectValues } from '../../protocol/primordials.js';
import type { ResidentMemory } from '../../protocol/resident-memory.js';
import { transferredBuffers } from '../profiler/transferred-buffers.js';

/**
 * Returns the resident memory of the process by kind, in bytes. `unexplained` is the remainder, so that the
 * kinds always add up to the resident set. It is negative if memory is reserved but not touched yet. Reads
 * only existing counters: takes microseconds, however much memory there is.
 *
 * @param profilerBytes heap of the profiler thread
 * @param kernel as the profiler thread has read it; if undefined, its kinds are absent, and part of the
 *   remainder
 */
export function residentByKind(profilerBytes = 0, kernel?: KernelMemory | undefined): ResidentMemory {
  const { rss, external, arrayBuffers } = memoryUsage();
  const transferred = transferredBuffers.bytes({ external, arrayBuffers });
  const code = codeBytes();
  const { total_physical_size: physical, malloced_memory: malloc } = v8.getHeapStatistics();
  const explained = {
    heap: physical - code,
    code,
    array_buffers: arrayBuffers + transferred,
    // Subtract array buffers, which V8 counts as external memory too.
    external: MathMax(0, external - arrayBuffers - transferred),
    malloc,
    profiler: profilerBytes,
    ...(kernel && { stack: kernel.stack, mapped_file: kernel.file }),
  };
  const sum = ObjectValues(explained).reduce((total, bytes) => total + bytes, 0);
  return { ...explained, unexplained: rss - sum };
}

/** Returns what the profiler thread records of this thread's memory. */
export function mainMemory({ profilerBytes, kernel }: MainMemoryRequest): MainMemory {
  return {
    resident: residentByKind(profilerBytes, kernel),
    heapUsedBytes: v8.getHeapStatistics().used_heap_size,
  };
}

/** Returns the bytes of compiled code in V8's heap. */
function codeBytes(): number {
  return v8
    .getHeapSpaceStatistics()
    .filter(({ space_name: name }) => name.startsWith('code_'))
    .reduce((sum, { physical_space_size: bytes }) => sum + bytes, 0);
}
