import type { AggregatedAllocation } from './record-handler.js';

/**
 * Is told what happens to the heap of a capture, in its order. `site` is a number of the site table, `thread` an
 * index of the thread table; addresses come as two unsigned 32-bit halves, because they have 64 bits and this
 * is called many millions of times. Of the methods a listener has those that it wants to be called.
 */
export interface HeapListener {
  /** By an allocator whose blocks are freed by their exact address. */
  allocated?(site: number, high: number, low: number, size: number): void;
  freed?(thread: number, high: number, low: number): void;
  /** MMAP: a range, which may be unmapped in pieces. */
  mapped?(site: number, high: number, low: number, size: number): void;
  unmapped?(thread: number, high: number, low: number, size: number): void;
  /** `millis` since the Unix epoch. */
  memoryRecord?(millis: number, residentBytes: number): void;

  /** Aggregated files have only this and {@link memorySnapshot}; `row` is used again for the next. */
  aggregated?(site: number, row: AggregatedAllocation): void;
  /** `millis` since the Unix epoch. */
  memorySnapshot?(millis: number, residentBytes: number, heapBytes: number): void;
}
