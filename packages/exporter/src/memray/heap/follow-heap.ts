import type { MemrayLimits } from '../format/limits.js';
import type { FollowedHeap } from './followed-heap.js';
import { HeapPipeline } from './heap-pipeline.js';
import { HighWaterMark } from './high-water-mark.js';

/** Returns a new heap. With `ownThread`, another thread follows it. */
export function followHeap(limits: MemrayLimits, ownThread = false): FollowedHeap {
  if (ownThread) return new HeapPipeline(limits);
  const heap = new HighWaterMark(limits);
  return { listeners: [heap], amounts: heap.amounts, finish: () => {}, cancel: () => {} };
}
