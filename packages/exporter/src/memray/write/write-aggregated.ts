import type { ByteWriter } from '../../wire/byte-writer.js';
import { ID_TO_11 } from '../format/allocators.js';
import type { MemrayFormat } from '../format/memray-format.js';
import { TOKEN_AGGREGATED as TOKEN } from '../format/records.js';
import type { MemorySnapshot } from '../heap/memory-snapshots.js';
import type { MemrayLocation } from '../model/code-table.js';
import { signedNumber } from '../model/line-table.js';
import type { MemrayThread } from '../model/thread-table.js';
import { writeString } from './write-header.js';
import { RESERVE, wideWord } from './write-numbers.js';

/** The allocations of one site: those alive at the high-water mark, and those still alive. */
export interface AggregatedRow {
  /** ID of the thread: 64 bits, unsigned. */
  readonly thread: bigint;
  /** Number of the allocator in formats 12 and 13. */
  readonly allocator: number;
  readonly native: number;
  readonly stack: number;
  readonly generation: number;
  readonly peakCount: number;
  readonly leakedCount: number;
  readonly peakBytes: number;
  readonly leakedBytes: number;
}

/**
 * Encodes single records of AGGREGATED_ALLOCATIONS. Frames must be numbered 0, 1, 2 … and stacks 1, 2, 3 … in the order
 * in which they are written, a stack after its caller. Strings must not contain a NUL.
 */
export class AggregatedEncoder {
  readonly #out: ByteWriter;
  readonly #old: boolean;
  #lastFirstLine = 0;

  constructor(out: ByteWriter, format: MemrayFormat) {
    this.#out = out;
    this.#old = format === 11;
  }

  snapshot({ millis, residentBytes, heapBytes }: MemorySnapshot): void {
    writeSnapshot(this.#out, millis, residentBytes, heapBytes);
  }

  // 0c, u64 tid; 0a, name, 00
  threadName({ id, name }: MemrayThread): void {
    this.#token(TOKEN.CONTEXT_SWITCH);
    this.#wide(id);
    this.#token(TOKEN.THREAD_NAME);
    writeString(this.#out, name);
  }

  // 0e, varint code, function, 00, file, 00, svarint first line - last first line, varint length, line table: e8, signed
  // number line - first line (see line-table.ts)
  // Not in format 11, whose frames say all this themselves.
  code(id: number, { functionName, file, line, firstLine }: MemrayLocation): void {
    if (this.#old) return;
    const out = this.#out;
    this.#token(TOKEN.CODE_OBJECT);
    out.varint(id);
    writeString(out, functionName);
    writeString(out, file);
    out.reserve(RESERVE);
    out.svarint(firstLine - this.#lastFirstLine);
    this.#lastFirstLine = firstLine;
    const table = [0xe8, ...signedNumber(line - firstLine)];
    out.u8(table.length);
    for (const byte of table) out.u8(byte);
  }

  // 04, varint frame, varint code, svarint 0, bool entry
  // 11: 04, u64 frame, function, 00, file, 00, i32 line, bool entry
  frame(id: number, { functionName, file, line }: MemrayLocation, entry: boolean): void {
    const out = this.#out;
    this.#token(TOKEN.FRAME);
    if (this.#old) {
      out.u64(id);
      writeString(out, functionName);
      writeString(out, file);
      out.reserve(RESERVE);
      out.u32(line);
    } else {
      out.varint(id);
      // Each frame has its own function, so that no two frames are equal, whatever their names.
      out.varint(id);
      out.u8(0);
    }
    out.u8(entry ? 1 : 0);
  }

  // 03, varint frame, varint parent; 11: u64 frame, u32 parent
  stack(frame: number, parent: number): void {
    this.#token(TOKEN.STACK_NODE);
    if (this.#old) {
      this.#out.u64(frame);
      this.#out.u32(parent);
    } else {
      this.#out.varint(frame);
      this.#out.varint(parent);
    }
  }

  // 02, u64 tid, u8 allocator, 7 bytes of padding, seven u64
  allocation(row: AggregatedRow): void {
    this.#token(TOKEN.ALLOCATION);
    this.#wide(row.thread);
    writeSite(this.#out, row, this.#old ? ID_TO_11[row.allocator]! : row.allocator);
  }

  // 0f
  trailer(): void {
    this.#token(TOKEN.TRAILER);
  }

  /** Writes a token, and reserves room for the whole record except its strings. */
  #token(token: number): void {
    this.#out.reserve(RESERVE);
    this.#out.u8(token);
  }

  #wide(value: bigint): void {
    wideWord(this.#out, Number(value >> 32n), Number(value & 0xffff_ffffn));
  }
}

// 01, u64 ms since the epoch, u64 rss, u64 heap
export function writeSnapshot(
  out: ByteWriter,
  millis: number,
  residentBytes: number,
  heapBytes: number,
): void {
  out.reserve(RESERVE);
  out.u8(TOKEN.MEMORY_SNAPSHOT);
  out.u64(millis);
  out.u64(residentBytes);
  out.u64(heapBytes);
}

/**
 * Writes an aggregated allocation after its thread. The caller has reserved the room.
 *
 * @param allocator its number in the output format
 */
export function writeSite(out: ByteWriter, row: Omit<AggregatedRow, 'thread'>, allocator: number): void {
  // The upper seven bytes of this number are the padding.
  out.u64(allocator);
  out.u64(row.native);
  out.u64(row.stack);
  out.u64(row.generation);
  out.u64(row.peakCount);
  out.u64(row.leakedCount);
  out.u64(row.peakBytes);
  out.u64(row.leakedBytes);
}
