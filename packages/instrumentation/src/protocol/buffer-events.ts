import type { RawFrame } from './code-place.js';

/** Memory outside V8's heap that is followed: none, that of Buffers, or also that of `ArrayBuffer` and typed arrays. */
export type OffHeapMode = 'off' | 'buffers' | 'all';

/**
 * Name that V8 has for heapray's functions in place of those that make Buffers. They are on the stacks of the heap too, and
 * nothing is charged to them. It cannot be a name in a program.
 */
export const HOOK_NAME = '(heapray)';

/** A stack at which Buffers were made. Frames are where each function calls the next, innermost first. */
export interface BufferStack {
  readonly id: number;
  readonly frames: readonly RawFrame[];
  /** True if outer frames are missing. */
  readonly isCut: boolean;
}

/** Number of values of a born sample in `BufferBatch.born`: id, stack, bytes it stands for, own size, time. */
export const BORN_VALUES = 5;

/** Sampled Buffers that were made or freed since the last batch. Times are in ms, see `monotonicMillis`. */
export interface BufferBatch {
  /** Later batches use no stacks with smaller ids. */
  readonly oldestStack: number;
  /** Stacks used for the first time. */
  readonly stacks: readonly BufferStack[];
  /** `BORN_VALUES` numbers for each sample. */
  readonly born: readonly number[];
  /** Ids of samples whose memory is freed, or belongs to another thread. */
  readonly died: readonly number[];
  /** Ids of small Buffers that are gone while their slab of Node's pool is still in use. */
  readonly leftInPool: readonly number[];
  readonly atMillis: number;
  /** Bytes of all array buffers that this thread holds: `process.memoryUsage().arrayBuffers` and received ones. */
  readonly arrayBuffers: number;
  /** Number of samples that were not followed because the queue or the table was full. */
  readonly dropped: number;
  /** Time that taking these samples has cost the main thread, in ms. */
  readonly costMillis: number;
}
