import type { MemrayHeader } from '../format/header.js';
import type { AggregatedAllocation } from '../format/record-handler.js';

/**
 * Receives the events of a capture's heap in their order. `site` is a number of the site table, `thread` an index of
 * the thread table. Addresses have 64 bits and are passed as two unsigned 32-bit halves, because these methods are
 * called many millions of times. A listener implements only the methods it needs.
 */
export interface HeapListener {
  /** Called once, before all events. */
  header?(header: MemrayHeader): void;
  /** Called for an allocator whose blocks are freed by their exact address. */
  allocated?(site: number, high: number, low: number, size: number): void;
  freed?(thread: number, high: number, low: number): void;
  /** Called for MMAP: a range, which may be unmapped in pieces. */
  mapped?(site: number, high: number, low: number, size: number): void;
  unmapped?(thread: number, high: number, low: number, size: number): void;
  /** Called for a memory record. `millis` is since the Unix epoch. */
  memoryRecord?(millis: number, residentBytes: number): void;

  /**
   * Called for each row of an aggregated file, which has only this and {@link memorySnapshot}. `row` is reused for the
   * next call.
   */
  aggregated?(site: number, row: AggregatedAllocation): void;
  /** Called for a snapshot of an aggregated file. `millis` is since the Unix epoch. */
  memorySnapshot?(millis: number, residentBytes: number, heapBytes: number): void;
}
