import type { MemrayHeader } from './header.js';

/**
 * Takes the records of a capture, one call each, in the order of the file.
 *
 * 64-bit numbers that must be exact come as two unsigned halves, `high` and `low`; all others as the nearest
 * number. Allocators have the numbers of formats 12 and 13 in every format. Strings and byte arrays may be kept.
 *
 * A method may throw {@link RecordDamage} to say that the record makes no sense where it is.
 */
export interface RecordHandler {
  header(header: MemrayHeader): void;
  contextSwitch(high: number, low: number): void;
  threadName(name: string): void;
  /** `millis` since the start of the capture. */
  memoryRecord(residentBytes: number, millis: number): void;
  /** Formats 12 and 13. */
  codeObject(id: number, functionName: string, file: string, firstLine: number, lineTable: Uint8Array): void;
  /** Format 11, and there also in aggregated files. */
  frame11(id: number, functionName: string, file: string, line: number, entry: boolean): void;
  /** `id` is that of a code object; in format 11 of a frame, and offset and entry mean nothing. */
  push(id: number, instructionOffset: number, entry: boolean): void;
  pop(count: number): void;
  /** `native` is -1 where the record has no such field. Frees have size 0. */
  allocation(high: number, low: number, size: number, allocator: number, native: number): void;
  /** `native` is -1 where the record has no such field. */
  object(high: number, low: number, created: boolean, native: number): void;
  nativeFrame(ipHigh: number, ipLow: number, parent: number): void;
  memoryMapStart(): void;
  image(path: string, segments: number, loadHigh: number, loadLow: number): void;
  segment(addressHigh: number, addressLow: number, size: number): void;
  trailer(): void;

  /** The rest is in aggregated files only. `millis` since the Unix epoch. */
  memorySnapshot(millis: number, residentBytes: number, heapBytes: number): void;
  aggregatedAllocation(row: AggregatedAllocation): void;
  /** The next stack: stacks are numbered from 1. */
  stackNode(frame: number, parent: number): void;
  /** Formats 12 and 13. */
  frame(id: number, code: number, instructionOffset: number, entry: boolean): void;
  survivingObject(high: number, low: number, native: number): void;
}

/** What an aggregated file says of one thread, allocator and stack; the object is used again for the next. */
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

/** Says that a record makes no sense; reading ends before it. */
export class RecordDamage extends Error {
  override readonly name = 'RecordDamage';
}
