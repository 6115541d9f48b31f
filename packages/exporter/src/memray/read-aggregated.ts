import type { ByteReader } from '../wire/byte-reader.js';
import { ALLOCATOR_ID_COUNT, ID_FROM_11, isDeallocator } from './allocators.js';
import type { MemrayHeader } from './header.js';
import { readImage, readNativeFrame, readSegment } from './read-native.js';
import type { RecordDecoder } from './record-decoder.js';
import { type AggregatedAllocation, RecordDamage, type RecordHandler } from './record-handler.js';
import { TOKEN_AGGREGATED as TOKEN } from './records.js';

/** Behind the allocator memray leaves the padding of a C struct, filled with rubbish. */
const PADDING = 7;

/** Records of AGGREGATED_ALLOCATIONS, all formats: plain tokens. */
export class AggregatedDecoder implements RecordDecoder {
  readonly #reader: ByteReader;
  readonly #handler: RecordHandler;
  readonly #header: MemrayHeader;
  readonly #lastIp: { high: number; low: number } = { high: 0, low: 0 };
  #lastNative = 0;
  #lastFirstLine = 0;
  #segmentsDue = 0;
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
  }

  get finished(): boolean {
    return this.#finished;
  }

  decode(): void {
    const reader = this.#reader;
    let start = reader.position;
    try {
      while (start < reader.end && !this.#finished) {
        const token = reader.bytes[start]!;
        reader.position = start + 1;
        this.#record(token);
        if (reader.position > reader.end) break;
        start = reader.position;
      }
    } finally {
      reader.position = start;
    }
  }

  nameOf(token: number): string {
    return NAMES.get(token) ?? 'unknown';
  }

  #record(token: number): void {
    if (this.#segmentsDue > 0 && token !== TOKEN.SEGMENT) throw new RecordDamage('a segment is missing');
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
      case TOKEN.THREAD_NAME:
        return this.#threadName();
      case TOKEN.CONTEXT_SWITCH:
        return this.#contextSwitch();
      case TOKEN.NATIVE_FRAME:
        this.#lastNative = readNativeFrame(this.#reader, this.#handler, this.#lastIp, this.#lastNative);
        return;
      case TOKEN.MEMORY_MAP_START:
        return this.#handler.memoryMapStart();
      case TOKEN.SEGMENT_HEADER:
        this.#segmentsDue = readImage(this.#reader, this.#handler);
        return;
      case TOKEN.SEGMENT:
        return this.#segment();
      default:
        if (this.#header.format !== 11 && token === TOKEN.OBJECT) return this.#object();
        if (this.#header.format !== 11 && token === TOKEN.CODE_OBJECT) return this.#codeObject();
        throw new RecordDamage(`unknown record type 0x${token.toString(16).padStart(2, '0')}`);
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

  // 0a, name, 00
  #threadName(): void {
    const name = this.#reader.text();
    if (!this.#reader.overrun) this.#handler.threadName(name);
  }

  // 0c, u64 tid
  #contextSwitch(): void {
    const reader = this.#reader;
    reader.u64();
    if (!reader.overrun) this.#handler.contextSwitch(reader.high, reader.low);
  }

  #segment(): void {
    if (this.#segmentsDue === 0) throw new RecordDamage('a segment outside of an image');
    if (readSegment(this.#reader, this.#handler)) this.#segmentsDue -= 1;
  }

  // 0d, varint address >> 3, [varint native]
  #object(): void {
    const reader = this.#reader;
    reader.wide();
    const high = ((reader.high << 3) | (reader.low >>> 29)) >>> 0;
    const low = (reader.low << 3) >>> 0;
    const native = this.#header.nativeTraces ? reader.varint() : -1;
    if (!reader.overrun) this.#handler.survivingObject(high, low, native);
  }

  // 0e, varint id, function, 00, file, 00, svarint first line, varint n, n bytes of line table
  #codeObject(): void {
    const reader = this.#reader;
    const id = reader.varint();
    const functionName = reader.text();
    const file = reader.text();
    const firstLine = (this.#lastFirstLine + reader.svarint()) | 0;
    const lineTable = reader.run(reader.varint());
    if (reader.overrun) return;
    this.#lastFirstLine = firstLine;
    this.#handler.codeObject(id, functionName, file, firstLine, lineTable);
  }
}

const NAMES: ReadonlyMap<number, string> = new Map([
  [TOKEN.MEMORY_SNAPSHOT, 'memory snapshot'],
  [TOKEN.ALLOCATION, 'aggregated allocation'],
  [TOKEN.STACK_NODE, 'stack node'],
  [TOKEN.FRAME, 'frame'],
  [TOKEN.NATIVE_FRAME, 'native frame'],
  [TOKEN.MEMORY_MAP_START, 'memory map start'],
  [TOKEN.SEGMENT_HEADER, 'segment header'],
  [TOKEN.SEGMENT, 'segment'],
  [TOKEN.THREAD_NAME, 'thread name'],
  [TOKEN.CONTEXT_SWITCH, 'context switch'],
  [TOKEN.OBJECT, 'object'],
  [TOKEN.CODE_OBJECT, 'code object'],
  [TOKEN.TRAILER, 'trailer'],
]);
