import type { ResidentMemory } from '../../protocol/resident-memory.js';
import type { MappedMemory } from './mapped-memory.js';

/**
 * Splits the memory that `malloc` has from the system, in bytes, into what is in use and what it may keep.
 *
 * No counter says which part of its arenas `malloc` has handed out: only native code can ask it (`malloc_info`). Known are the
 * data outside of V8's heap and V8's own allocations. A block with a mapping of its own is in use, because `malloc` returns it
 * to the system when it is freed. Whatever else the arenas hold is freed memory, or small blocks of native code.
 *
 * @param mapped mappings of the process
 * @param counted the main thread's counters at that moment
 */
export function allocatorSplit(
  { arenas, blocks }: Pick<MappedMemory, 'arenas' | 'blocks'>,
  { array_buffers: buffers = 0, external = 0, malloc: v8Bytes = 0 }: ResidentMemory,
): { readonly malloc: number; readonly retained: number } {
  const others = arenas + blocks - buffers - external;
  const retained = Math.min(arenas, Math.max(0, others - v8Bytes));
  return { malloc: Math.max(v8Bytes, others - retained), retained };
}
