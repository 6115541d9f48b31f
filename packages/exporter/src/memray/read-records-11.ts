import type { ByteReader } from '../wire/byte-reader.js';
import { ID_FROM_11, isSimpleDeallocator } from './allocators.js';
import { checkNative, readImage, readNativeFrame, readSegment } from './read-native.js';
import type { RecordDecoder } from './record-decoder.js';
import { RecordDamage, type RecordHandler } from './record-handler.js';
import { TOKEN_11 } from './records.js';

/** Records of format 11, ALL_ALLOCATIONS: `ffff kkkk`, flags and kind. */
export class RecordDecoder11 implements RecordDecoder {
  readonly #reader: ByteReader;
  readonly #handler: RecordHandler;
  readonly #lastIp: { high: number; low: number } = { high: 0, low: 0 };
  #lastAddressHigh = 0;
  #lastAddressLow = 0;
  #lastNative = 0;
  #lastFrame = 0;
  #lastLine = 0;
  #segmentsDue = 0;
  #finished = false;

  constructor(reader: ByteReader, handler: RecordHandler) {
    this.#reader = reader;
    this.#handler = handler;
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
        this.#record(token & 0xf, token >>> 4);
        if (reader.position > reader.end) break;
        start = reader.position;
      }
    } finally {
      reader.position = start;
    }
  }

  nameOf(token: number): string {
    return NAMES.get(token & 0xf) ?? 'unknown';
  }

  #record(kind: number, flags: number): void {
    if (this.#segmentsDue > 0 && kind !== TOKEN_11.SEGMENT) throw new RecordDamage('a segment is missing');
    switch (kind) {
      case TOKEN_11.TRAILER:
        return this.#trailer(flags);
      case TOKEN_11.ALLOCATION:
        return this.#allocation(flags, false);
      case TOKEN_11.ALLOCATION_WITH_NATIVE:
        return this.#allocation(flags, true);
      case TOKEN_11.FRAME:
        return this.#frame(flags);
      case TOKEN_11.FRAME_PUSH:
        return this.#push();
      case TOKEN_11.FRAME_POP:
        return this.#handler.pop(flags + 1);
      case TOKEN_11.MEMORY_RECORD:
        return this.#memoryRecord();
      case TOKEN_11.CONTEXT_SWITCH:
        return this.#contextSwitch();
      case TOKEN_11.THREAD_NAME:
        return this.#threadName();
      case TOKEN_11.NATIVE_FRAME:
        this.#lastNative = readNativeFrame(this.#reader, this.#handler, this.#lastIp, this.#lastNative);
        return;
      case TOKEN_11.MEMORY_MAP_START:
        return this.#handler.memoryMapStart();
      case TOKEN_11.SEGMENT_HEADER:
        this.#segmentsDue = readImage(this.#reader, this.#handler);
        return;
      case TOKEN_11.SEGMENT:
        return this.#segment();
      default:
        throw unknown(kind, flags);
    }
  }

  #trailer(flags: number): void {
    if (flags !== 1) throw unknown(TOKEN_11.TRAILER, flags);
    this.#finished = true;
    this.#handler.trailer();
  }

  // aaaa 000w, svarint address, [varint size], [svarint native if w is for "with native"]
  #allocation(flags: number, withNative: boolean): void {
    const reader = this.#reader;
    const allocator = ID_FROM_11[flags]!;
    reader.swide();
    const low = this.#lastAddressLow + reader.low;
    const high = (this.#lastAddressHigh + reader.high + (low > 0xffff_ffff ? 1 : 0)) >>> 0;
    const size = isSimpleDeallocator(allocator) ? 0 : reader.varint();
    const native = withNative ? this.#lastNative + reader.svarint() : -1;
    if (reader.position > reader.end) return;
    if (allocator === 0) throw new RecordDamage(`unknown allocator ${flags}`);
    checkNative(native);
    this.#lastAddressLow = low >>> 0;
    this.#lastAddressHigh = high;
    if (withNative) this.#lastNative = native;
    this.#handler.allocation(high, low >>> 0, size, allocator, native);
  }

  // 000n 0011, svarint id, function, 00, file, 00, svarint line; n = not an entry frame
  #frame(flags: number): void {
    const reader = this.#reader;
    const id = this.#lastFrame + reader.svarint();
    const functionName = reader.text();
    const file = reader.text();
    const line = (this.#lastLine + reader.svarint()) | 0;
    if (reader.overrun) return;
    this.#lastFrame = id;
    this.#lastLine = line;
    this.#handler.frame11(id, functionName, file, line, (flags & 1) === 0);
  }

  // 0000 0100, svarint id
  #push(): void {
    const reader = this.#reader;
    const id = this.#lastFrame + reader.svarint();
    if (reader.position > reader.end) return;
    this.#lastFrame = id;
    this.#handler.push(id, 0, true);
  }

  #memoryRecord(): void {
    const reader = this.#reader;
    const resident = reader.varint();
    reader.wide();
    if (!reader.overrun) this.#handler.memoryRecord(resident, (reader.high | 0) * 2 ** 32 + reader.low);
  }

  #contextSwitch(): void {
    const reader = this.#reader;
    reader.u64();
    if (!reader.overrun) this.#handler.contextSwitch(reader.high, reader.low);
  }

  #threadName(): void {
    const name = this.#reader.text();
    if (!this.#reader.overrun) this.#handler.threadName(name);
  }

  #segment(): void {
    if (this.#segmentsDue === 0) throw new RecordDamage('a segment outside of an image');
    if (readSegment(this.#reader, this.#handler)) this.#segmentsDue -= 1;
  }
}

function unknown(kind: number, flags: number): RecordDamage {
  return new RecordDamage(`unknown record type 0x${flags.toString(16)}${kind.toString(16)}`);
}

const NAMES: ReadonlyMap<number, string> = new Map([
  [TOKEN_11.TRAILER, 'trailer'],
  [TOKEN_11.ALLOCATION, 'allocation'],
  [TOKEN_11.ALLOCATION_WITH_NATIVE, 'allocation'],
  [TOKEN_11.FRAME, 'frame'],
  [TOKEN_11.FRAME_PUSH, 'frame push'],
  [TOKEN_11.NATIVE_FRAME, 'native frame'],
  [TOKEN_11.MEMORY_MAP_START, 'memory map start'],
  [TOKEN_11.SEGMENT_HEADER, 'segment header'],
  [TOKEN_11.SEGMENT, 'segment'],
  [TOKEN_11.FRAME_POP, 'frame pop'],
  [TOKEN_11.THREAD_NAME, 'thread name'],
  [TOKEN_11.MEMORY_RECORD, 'memory'],
  [TOKEN_11.CONTEXT_SWITCH, 'context switch'],
]);
