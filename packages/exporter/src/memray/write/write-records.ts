import type { ByteWriter } from '../../wire/byte-writer.js';
import { MAX_NUMBER_BYTES } from '../../wire/byte-writer.js';
import { FREE } from '../format/allocators.js';
import {
  ENTRY_FRAME_BIT,
  MAX_POP,
  POINTER_NOT_CACHED,
  TAG_ALLOCATION,
  TAG_FRAME_POP,
  TAG_FRAME_PUSH,
  TOKEN,
  trailerOf,
} from '../format/records.js';
import { PointerCache } from './pointer-cache.js';
import { writeString } from './write-header.js';

/** Maximum size of a record without strings: a token, a fixed byte and three numbers. */
export const MAX_RECORD_BYTES: number = 2 + 3 * MAX_NUMBER_BYTES;

/**
 * Encodes single ALL_ALLOCATIONS records of one format. Keeps only the state that the format carries from record to
 * record (deltas, pointer cache). The caller ensures a valid order.
 *
 * Strings must be clean (no NUL). Numbers are integers; addresses are multiples of 8 below 2^53; `allocator` is a
 * number of formats 12 and 13 in every format.
 */
export interface RecordEncoder {
  contextSwitch(threadId: number): void;
  /** Names the current thread. */
  threadName(name: string): void;
  memoryRecord(residentBytes: number, millisSinceStart: number): void;
  /** Declares frame `id` before its first use. */
  frame(id: number, functionName: string, file: string, line: number): void;
  push(frameId: number): void;
  pop(count: number): void;
  /** Writes an allocation or a MUNMAP. */
  allocation(address: number, size: number, allocator: number): void;
  free(address: number, allocator?: number): void;
  trailer(): void;
}

/** Encodes formats 12 and 13, whose records are equal. */
export class RecordEncoder12 implements RecordEncoder {
  readonly #out: ByteWriter;
  readonly #cache: PointerCache = new PointerCache();
  #lastPointer = 0;
  #lastFirstLine = 0;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  // 0c, u64 thread id
  contextSwitch(threadId: number): void {
    const out = this.#out;
    out.reserve(MAX_RECORD_BYTES);
    out.u8(TOKEN.CONTEXT_SWITCH);
    out.u64(threadId);
  }

  // 0a, name, 00
  threadName(name: string): void {
    const out = this.#out;
    out.reserve(1);
    out.u8(TOKEN.THREAD_NAME);
    writeString(out, name);
  }

  // 02, varint resident bytes, varint milliseconds since the start
  memoryRecord(residentBytes: number, millisSinceStart: number): void {
    const out = this.#out;
    out.reserve(MAX_RECORD_BYTES);
    out.u8(TOKEN.MEMORY_RECORD);
    out.varint(residentBytes);
    out.varint(millisSinceStart);
  }

  // 0e, varint id, function, 00, file, 00, svarint first line - last first line, 02 e8 00
  //
  // The last three are a line table of two bytes, `1 1101 000` (kind 13: add a signed number to the line; one
  // unit covered) and 0 (the number): offset 0 is on the first line. So each line of a function is a code
  // object of its own, and a push never needs an offset.
  frame(id: number, functionName: string, file: string, line: number): void {
    const out = this.#out;
    out.reserve(MAX_RECORD_BYTES);
    out.u8(TOKEN.CODE_OBJECT);
    out.varint(id);
    writeString(out, functionName);
    writeString(out, file);
    out.reserve(MAX_RECORD_BYTES);
    out.svarint(line - this.#lastFirstLine);
    this.#lastFirstLine = line;
    out.u8(2);
    out.u8(0xe8);
    out.u8(0x00);
  }

  // 01 00000 1, varint code object, svarint 0
  push(frameId: number): void {
    const out = this.#out;
    out.reserve(MAX_RECORD_BYTES);
    out.u8(TAG_FRAME_PUSH | ENTRY_FRAME_BIT);
    out.varint(frameId);
    out.u8(0);
  }

  // 0001 nnnn, n + 1 frames; repeated for more than 16
  pop(count: number): void {
    const out = this.#out;
    for (let left = count; left > 0; left -= MAX_POP) {
      out.reserve(1);
      out.u8(TAG_FRAME_POP | (Math.min(left, MAX_POP) - 1));
    }
  }

  // 1 pppp aaa, [svarint pointer - last missed pointer], [allocator], varint size
  allocation(address: number, size: number, allocator: number): void {
    this.#pointer(address, allocator);
    this.#out.varint(size);
  }

  // 1 pppp aaa, [svarint pointer - last missed pointer]
  free(address: number, allocator: number = FREE): void {
    this.#pointer(address, allocator);
  }

  trailer(): void {
    this.#out.reserve(1);
    this.#out.u8(trailerOf(13, 'ALL_ALLOCATIONS'));
  }

  #pointer(address: number, allocator: number): void {
    const out = this.#out;
    const pointer = address / 8;
    const index = this.#cache.indexOf(pointer);
    const short = allocator <= 7 ? allocator : 0;
    out.reserve(MAX_RECORD_BYTES);
    out.u8(TAG_ALLOCATION | (index << 3) | short);
    if (index === POINTER_NOT_CACHED) {
      out.svarint(pointer - this.#lastPointer);
      this.#lastPointer = pointer;
    }
    if (short === 0) out.u8(allocator);
  }
}
