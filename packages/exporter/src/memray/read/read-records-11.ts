import type { ByteReader } from '../../wire/byte-reader.js';
import { ID_FROM_11, isSimpleDeallocator } from '../format/allocators.js';
import { RecordDamage, type RecordHandler } from '../format/record-handler.js';
import { TOKEN_11 } from '../format/records.js';
import { COMMON_NAMES, CommonRecords, readEach, readMemoryRecord, unknownRecord } from './read-common.js';
import { checkNative, type NativeRecords } from './read-native.js';
import type { RecordDecoder } from './record-decoder.js';

/** Decodes records of format 11, ALL_ALLOCATIONS. Their first byte is `ffff kkkk`: flags and kind. */
export class RecordDecoder11 implements RecordDecoder {
  readonly #reader: ByteReader;
  readonly #handler: RecordHandler;
  readonly #common: CommonRecords;
  readonly #natives: NativeRecords;
  #lastAddressHigh = 0;
  #lastAddressLow = 0;
  #lastFrame = 0;
  #lastLine = 0;
  #finished = false;

  constructor(reader: ByteReader, handler: RecordHandler) {
    this.#reader = reader;
    this.#handler = handler;
    this.#common = new CommonRecords(reader, handler);
    this.#natives = this.#common.natives;
  }

  get finished(): boolean {
    return this.#finished;
  }

  decode(): void {
    readEach(
      this.#reader,
      (token) => this.#record(token & 0xf, token >>> 4),
      () => this.#finished,
    );
  }

  nameOf(token: number): string {
    return NAMES.get(token & 0xf) ?? 'unknown';
  }

  #record(kind: number, flags: number): void {
    if (kind !== TOKEN_11.SEGMENT) this.#natives.checkNoneDue();
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
        return readMemoryRecord(this.#reader, this.#handler);
      default:
        return this.#common.read(kind, (flags << 4) | kind);
    }
  }

  #trailer(flags: number): void {
    if (flags !== 1) throw unknownRecord((flags << 4) | TOKEN_11.TRAILER);
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
    const native = withNative ? this.#natives.last + reader.svarint() : -1;
    if (reader.position > reader.end) return;
    if (allocator === 0) throw new RecordDamage(`unknown allocator ${flags}`);
    checkNative(native);
    // Store only what the handler has accepted: a refused record may be read again.
    this.#handler.allocation(high, low >>> 0, size, allocator, native);
    this.#lastAddressLow = low >>> 0;
    this.#lastAddressHigh = high;
    if (withNative) this.#natives.last = native;
  }

  // 000n 0011, svarint id, function, 00, file, 00, svarint line; n = not an entry frame
  #frame(flags: number): void {
    const reader = this.#reader;
    const id = this.#lastFrame + reader.svarint();
    const functionName = reader.text();
    const file = reader.text();
    const line = (this.#lastLine + reader.svarint()) | 0;
    if (reader.overrun) return;
    this.#handler.frame11(id, functionName, file, line, (flags & 1) === 0);
    this.#lastFrame = id;
    this.#lastLine = line;
  }

  // 0000 0100, svarint id
  #push(): void {
    const reader = this.#reader;
    const id = this.#lastFrame + reader.svarint();
    if (reader.position > reader.end) return;
    this.#handler.push(id, 0, true);
    this.#lastFrame = id;
  }
}

const NAMES: ReadonlyMap<number, string> = new Map([
  ...COMMON_NAMES,
  [TOKEN_11.TRAILER, 'trailer'],
  [TOKEN_11.ALLOCATION, 'allocation'],
  [TOKEN_11.ALLOCATION_WITH_NATIVE, 'allocation'],
  [TOKEN_11.FRAME, 'frame'],
  [TOKEN_11.FRAME_PUSH, 'frame push'],
  [TOKEN_11.FRAME_POP, 'frame pop'],
  [TOKEN_11.MEMORY_RECORD, 'memory'],
]);
