import type { MemrayHeader } from './header.js';

/**
 * Receives the records of a capture, one call each, in the order of the file.
 *
 * 64-bit numbers that must be exact are passed as two unsigned halves, `high` and `low`; all others as the nearest
 * double. Allocators have the numbers of formats 12 and 13 in every format. Strings and byte arrays may be kept.
 *
 * A method may throw {@link RecordDamage} when a record is invalid at its position.
 */
export interface RecordHandler {
  header(header: MemrayHeader): void;
  contextSwitch(high: number, low: number): void;
  threadName(name: string): void;
  /** Resident memory. `millis` is since the start of the capture. */
  memoryRecord(residentBytes: number, millis: number): void;
  /** A function, in formats 12 and 13. */
  codeObject(id: number, functionName: string, file: string, firstLine: number, lineTable: Uint8Array): void;
  /** A frame of format 11, also in its aggregated files. */
  frame11(id: number, functionName: string, file: string, line: number, entry: boolean): void;
  /** A frame push. `id` is a code object; in format 11 it is a frame, and offset and entry are meaningless. */
  push(id: number, instructionOffset: number, entry: boolean): void;
  pop(count: number): void;
  /** An allocation or deallocation. `native` is -1 if the record has no such field. Frees have size 0. */
  allocation(high: number, low: number, size: number, allocator: number, native: number): void;
  /** An object created or destroyed. `native` is -1 if the record has no such field. */
  object(high: number, low: number, created: boolean, native: number): void;
  nativeFrame(ipHigh: number, ipLow: number, parent: number): void;
  memoryMapStart(): void;
  image(path: string, segments: number, loadHigh: number, loadLow: number): void;
  segment(addressHigh: number, addressLow: number, size: number): void;
  trailer(): void;

  /** A snapshot. This and the following methods are for aggregated files only. `millis` is since the Unix epoch. */
  memorySnapshot(millis: number, residentBytes: number, heapBytes: number): void;
  aggregatedAllocation(row: AggregatedAllocation): void;
  /** The next stack. Stacks are numbered from 1. */
  stackNode(frame: number, parent: number): void;
  /** A frame, in formats 12 and 13. */
  frame(id: number, code: number, instructionOffset: number, entry: boolean): void;
  survivingObject(high: number, low: number, native: number): void;
}

/** The allocations of one thread, allocator and stack in an aggregated file. The object is reused for the next row. */
export interface AggregatedAllocation {
  threadHigh: number;
  threadLow: number;
  allocator: number;
  native: number;
  stack: number;
  generation: number;
  peakCount: number;
  leakedCount: number;
  peakBytes: number;
  leakedBytes: number;
}

/** Error for an invalid record. Reading ends before it. */
export class RecordDamage extends Error {
  override readonly name = 'RecordDamage';
}
