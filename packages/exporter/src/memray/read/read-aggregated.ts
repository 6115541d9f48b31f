import type { ByteReader } from '../../wire/byte-reader.js';
import { ALLOCATOR_ID_COUNT, ID_FROM_11, isDeallocator } from '../format/allocators.js';
import type { MemrayHeader } from '../format/header.js';
import { type AggregatedAllocation, RecordDamage, type RecordHandler } from '../format/record-handler.js';
import { TOKEN_AGGREGATED as TOKEN } from '../format/records.js';
import { COMMON_NAMES, CommonRecords, readCodeObject, readEach, unknownRecord } from './read-common.js';
import type { NativeRecords } from './read-native.js';
import type { RecordDecoder } from './record-decoder.js';

/** Number of bytes after the allocator: memray writes the padding of a C struct, with arbitrary contents. */
const PADDING = 7;

/** Decodes records of AGGREGATED_ALLOCATIONS in all formats. Their first byte is a plain token. */
export class AggregatedDecoder implements RecordDecoder {
  readonly #reader: ByteReader;
  readonly #handler: RecordHandler;
  readonly #header: MemrayHeader;
  readonly #common: CommonRecords;
  readonly #natives: NativeRecords;
  #lastFirstLine = 0;
  #finished = false;
  readonly #row: AggregatedAllocation = {
    threadHigh: 0,
    threadLow: 0,
    allocator: 0,
    native: 0,
    stack: 0,
    generation: 0,
    peakCount: 0,
    leakedCount: 0,
    peakBytes: 0,
    leakedBytes: 0,
  };

  constructor(reader: ByteReader, handler: RecordHandler, header: MemrayHeader) {
    this.#reader = reader;
    this.#handler = handler;
    this.#header = header;
    this.#common = new CommonRecords(reader, handler);
    this.#natives = this.#common.natives;
  }

  get finished(): boolean {
    return this.#finished;
  }

  decode(): void {
    readEach(
      this.#reader,
      (token) => this.#record(token),
      () => this.#finished,
    );
  }

  nameOf(token: number): string {
    return NAMES.get(token) ?? 'unknown';
  }

  #record(token: number): void {
    if (token !== TOKEN.SEGMENT) this.#natives.checkNoneDue();
    switch (token) {
      case TOKEN.TRAILER:
        this.#finished = true;
        return this.#handler.trailer();
      case TOKEN.MEMORY_SNAPSHOT:
        return this.#snapshot();
      case TOKEN.ALLOCATION:
        return this.#allocation();
      case TOKEN.STACK_NODE:
        return this.#stackNode();
      case TOKEN.FRAME:
        return this.#header.format === 11 ? this.#frame11() : this.#frame();
      case TOKEN.OBJECT:
        return this.#object(token);
      case TOKEN.CODE_OBJECT:
        return this.#codeObject(token);
      default:
        return this.#common.read(token);
    }
  }

  // 01, u64 ms since the epoch, u64 rss, u64 heap
  #snapshot(): void {
    const reader = this.#reader;
    const millis = reader.i64();
    const resident = reader.u64();
    const heap = reader.u64();
    if (!reader.overrun) this.#handler.memorySnapshot(millis, resident, heap);
  }

  // 02, u64 tid, u8 allocator, 7 bytes of padding, u64 each: native, stack, map generation, count at the
  // high-water mark, count leaked, bytes at the high-water mark, bytes leaked
  #allocation(): void {
    const reader = this.#reader;
    const row = this.#row;
    reader.u64();
    row.threadHigh = reader.high;
    row.threadLow = reader.low;
    const allocator = reader.u8();
    reader.position += PADDING;
    row.native = reader.u64();
    row.stack = reader.u64();
    row.generation = reader.u64();
    row.peakCount = reader.u64();
    row.leakedCount = reader.u64();
    row.peakBytes = reader.u64();
    row.leakedBytes = reader.u64();
    if (reader.overrun) return;
    row.allocator = this.#allocator(allocator);
    this.#handler.aggregatedAllocation(row);
  }

  #allocator(number: number): number {
    const allocator = this.#header.format === 11 ? (ID_FROM_11[number] ?? 0) : number;
    if (allocator === 0 || allocator >= ALLOCATOR_ID_COUNT || isDeallocator(allocator)) {
      throw new RecordDamage(`impossible allocator ${number}`);
    }
    return allocator;
  }

  // 03, varint frame, varint parent stack; in format 11 u64 frame, u32 parent
  #stackNode(): void {
    const reader = this.#reader;
    const old = this.#header.format === 11;
    const frame = old ? reader.u64() : reader.varint();
    const parent = old ? reader.u32() : reader.varint();
    if (!reader.overrun) this.#handler.stackNode(frame, parent);
  }

  // 04, varint frame, varint code object, svarint instruction offset, bool entry
  #frame(): void {
    const reader = this.#reader;
    const id = reader.varint();
    const code = reader.varint();
    const offset = reader.svarint();
    const entry = reader.u8() !== 0;
    if (!reader.overrun) this.#handler.frame(id, code, offset, entry);
  }

  // 04, u64 frame, function, 00, file, 00, i32 line, bool entry
  #frame11(): void {
    const reader = this.#reader;
    const id = reader.u64();
    const functionName = reader.text();
    const file = reader.text();
    const line = reader.i32();
    const entry = reader.u8() !== 0;
    if (!reader.overrun) this.#handler.frame11(id, functionName, file, line, entry);
  }

  // 0d, varint address >> 3, [varint native]
  #object(token: number): void {
    if (this.#header.format === 11) throw unknownRecord(token);
    const reader = this.#reader;
    reader.wide();
    const high = ((reader.high << 3) | (reader.low >>> 29)) >>> 0;
    const low = (reader.low << 3) >>> 0;
    const native = this.#header.nativeTraces ? reader.varint() : -1;
    if (!reader.overrun) this.#handler.survivingObject(high, low, native);
  }

  #codeObject(token: number): void {
    if (this.#header.format === 11) throw unknownRecord(token);
    this.#lastFirstLine = readCodeObject(this.#reader, this.#handler, this.#lastFirstLine);
  }
}

const NAMES: ReadonlyMap<number, string> = new Map([
  ...COMMON_NAMES,
  [TOKEN.MEMORY_SNAPSHOT, 'memory snapshot'],
  [TOKEN.ALLOCATION, 'aggregated allocation'],
  [TOKEN.STACK_NODE, 'stack node'],
  [TOKEN.FRAME, 'frame'],
  [TOKEN.OBJECT, 'object'],
  [TOKEN.CODE_OBJECT, 'code object'],
  [TOKEN.TRAILER, 'trailer'],
]);
