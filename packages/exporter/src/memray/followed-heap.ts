import type { HeapListener } from './heap-listener.js';
import { HeapPipeline } from './heap-pipeline.js';
import { HighWaterMark } from './high-water-mark.js';
import type { MemrayLimits } from './limits.js';
import type { SiteAmounts } from './site-amounts.js';

/** What follows the heap of a capture, on this thread or another. */
export interface FollowedHeap {
  /** To be told what happens to the heap. */
  readonly listeners: readonly HeapListener[];
  /** On another thread known after {@link finish}. */
  readonly amounts: SiteAmounts;
  /** Says that nothing more will be told. Throws what {@link HeapPipeline.finish} does. */
  finish(): void;
  /** Gives up. */
  cancel(): void;
}

export function followHeap(limits: MemrayLimits, ownThread = false): FollowedHeap {
  if (ownThread) return new HeapPipeline(limits);
  const heap = new HighWaterMark(limits);
  return { listeners: [heap], amounts: heap.amounts, finish: () => {}, cancel: () => {} };
}

/** Reads, and gives the heap up when that throws. */
export function readFollowing<T>(heap: FollowedHeap, read: () => T): T {
  try {
    return read();
  } catch (error) {
    heap.cancel();
    throw error;
  }
}
