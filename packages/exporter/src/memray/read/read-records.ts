import type { ByteReader } from '../../wire/byte-reader.js';
import { ALLOCATOR_ID_COUNT, isSimpleDeallocator } from '../format/allocators.js';
import type { MemrayHeader } from '../format/header.js';
import { RecordDamage, type RecordHandler } from '../format/record-handler.js';
import {
  ENTRY_FRAME_BIT,
  POINTER_NOT_CACHED,
  TAG_ALLOCATION,
  TAG_FRAME_POP,
  TAG_FRAME_PUSH,
  TAG_OBJECT,
  TOKEN,
} from '../format/records.js';
import { COMMON_NAMES, CommonRecords, readCodeObject, readMemoryRecord } from './read-common.js';
import { checkNative, type NativeRecords } from './read-native.js';
import type { RecordDecoder } from './record-decoder.js';

/** One more than the 15 of the format: the slot of a miss is written before the record is known to be complete. */
const CACHE_SLOTS = 16;
const CACHE_MASK = CACHE_SLOTS - 1;

/** Decodes records of formats 12 and 13, ALL_ALLOCATIONS. See records.ts for their first bytes. */
export class RecordDecoder12 implements RecordDecoder {
  readonly #reader: ByteReader;
  readonly #handler: RecordHandler;
  readonly #native: boolean;
  readonly #common: CommonRecords;
  readonly #natives: NativeRecords;
  #lastFirstLine = 0;
  #finished = false;

  /**
   * The pointers (addresses >> 3) that last missed the cache, in a ring that is written downwards. The newest is also
   * the base for the difference to the next one.
   */
  readonly #cacheHigh: Uint32Array = new Uint32Array(CACHE_SLOTS);
  readonly #cacheLow: Uint32Array = new Uint32Array(CACHE_SLOTS);
  #newest = 0;

  constructor(reader: ByteReader, handler: RecordHandler, header: MemrayHeader) {
    this.#reader = reader;
    this.#handler = handler;
    this.#native = header.nativeTraces;
    this.#common = new CommonRecords(reader, handler);
    this.#natives = this.#common.natives;
  }

  get finished(): boolean {
    return this.#finished;
  }

  decode(): void {
    const reader = this.#reader;
    for (;;) {
      // Data after the trailer is not a record.
      if (this.#finished) return;
      if (this.#natives.segmentsDue === 0) this.#frequent();
      const start = reader.position;
      if (start >= reader.end) return;
      try {
        reader.position = start + 1;
        this.#record(reader.bytes[start]!);
      } catch (error) {
        reader.position = start;
        throw error;
      }
      if (reader.position > reader.end) {
        reader.position = start;
        return;
      }
    }
  }

  nameOf(token: number): string {
    if (token >= TAG_ALLOCATION) return 'allocation';
    if (token >= TAG_FRAME_PUSH) return 'frame push';
    if (token >= TAG_OBJECT) return 'object';
    if (token >= TAG_FRAME_POP) return 'frame pop';
    return NAMES.get(token) ?? 'unknown';
  }

  /**
   * Reads the most frequent kinds of records, which are nearly all of a capture, as long as their numbers have the
   * usual short lengths. Equivalent to {@link #record}, but one loop with local variables, which is twice as fast.
   * Stops before the first record that it cannot read, or that is incomplete.
   */
  #frequent(): void {
    const reader = this.#reader;
    const handler = this.#handler;
    const { bytes, end } = reader;
    const cacheHigh = this.#cacheHigh;
    const cacheLow = this.#cacheLow;
    let newest = this.#newest;
    let position = reader.position;
    try {
      while (position < end) {
        const token = bytes[position]!;
        let at = position + 1;
        let byte: number;
        if (token >= TAG_ALLOCATION) {
          if (this.#native) return;
          const index = (token >> 3) & 0xf;
          let slot = (newest + index) & CACHE_MASK;
          if (index === POINTER_NOT_CACHED) {
            byte = bytes[at++]!;
            let low = byte & 0x7f;
            let high = 0;
            for (let shift = 7; byte > 0x7f && shift < 28; shift += 7) {
              byte = bytes[at++]!;
              low |= (byte & 0x7f) << shift;
            }
            if (byte > 0x7f) {
              byte = bytes[at++]!;
              low |= byte << 28;
              high = (byte & 0x7f) >>> 4;
              for (let shift = 3; byte > 0x7f && shift < 24; shift += 7) {
                byte = bytes[at++]!;
                high |= (byte & 0x7f) << shift;
              }
              if (byte > 0x7f) return;
            }
            const sign = -(low & 1);
            const sum = cacheLow[newest]! + ((((low >>> 1) | (high << 31)) ^ sign) >>> 0);
            slot = (newest - 1) & CACHE_MASK;
            cacheLow[slot] = sum;
            cacheHigh[slot] = cacheHigh[newest]! + ((high >>> 1) ^ sign) + (sum > 0xffff_ffff ? 1 : 0);
          }
          const allocator = token & 7 || bytes[at++]!;
          if (allocator === 0 || allocator >= ALLOCATOR_ID_COUNT) return;
          let size = 0;
          if (!isSimpleDeallocator(allocator)) {
            byte = bytes[at++]!;
            size = byte & 0x7f;
            for (let shift = 7; byte > 0x7f && shift < 28; shift += 7) {
              byte = bytes[at++]!;
              size |= (byte & 0x7f) << shift;
            }
            if (byte > 0x7f) return;
          }
          if (at > end) return;
          const low = cacheLow[slot]!;
          const high = ((cacheHigh[slot]! << 3) | (low >>> 29)) >>> 0;
          handler.allocation(high, (low << 3) >>> 0, size, allocator, -1);
          if (index === POINTER_NOT_CACHED) newest = slot;
        } else if (token >= TAG_FRAME_PUSH) {
          byte = bytes[at++]!;
          let code = byte & 0x7f;
          for (let shift = 7; byte > 0x7f && shift < 28; shift += 7) {
            byte = bytes[at++]!;
            code |= (byte & 0x7f) << shift;
          }
          if (byte > 0x7f) return;
          byte = bytes[at++]!;
          let offset = byte & 0x7f;
          if (byte > 0x7f) {
            byte = bytes[at++]!;
            offset |= (byte & 0x7f) << 7;
            if (byte > 0x7f) return;
          }
          if (at > end) return;
          handler.push(code, (offset >>> 1) ^ -(offset & 1), (token & ENTRY_FRAME_BIT) !== 0);
        } else if (token >= TAG_FRAME_POP && token < TAG_OBJECT) {
          handler.pop((token & 0xf) + 1);
        } else {
          return;
        }
        position = at;
      }
    } finally {
      this.#newest = newest;
      reader.position = position;
    }
  }

  #record(token: number): void {
    if (token < TAG_FRAME_POP || this.#natives.segmentsDue > 0) this.#plain(token);
    else if (token >= TAG_ALLOCATION) this.#allocation(token);
    else if (token >= TAG_FRAME_PUSH) this.#push(token);
    else if (token >= TAG_OBJECT) this.#object(token);
    else this.#handler.pop((token & 0xf) + 1);
  }

  // Each method below reads one record after its first byte. If the reader overran, it stores nothing and does not call
  // the handler. It stores what later records refer to after the handler has accepted the record: one that was read while
  // it was being written is refused, and read again.

  // 1 pppp aaa, [svarint pointer], [u8 allocator], [svarint native], [varint size]
  #allocation(token: number): void {
    const reader = this.#reader;
    const index = (token >> 3) & 0xf;
    const slot = this.#pointer(index);
    const allocator = token & 7 || reader.u8();
    let native = this.#native ? 0 : -1;
    let size = 0;
    if (!isSimpleDeallocator(allocator)) {
      if (this.#native) native = this.#natives.last + reader.svarint();
      size = reader.varint();
    }
    if (reader.position > reader.end) return;
    if (allocator === 0 || allocator >= ALLOCATOR_ID_COUNT)
      throw new RecordDamage(`unknown allocator ${allocator}`);
    checkNative(native);
    this.#handler.allocation(this.#addressHigh(slot), this.#addressLow(slot), size, allocator, native);
    if (index === POINTER_NOT_CACHED) this.#newest = slot;
    if (this.#native && !isSimpleDeallocator(allocator)) this.#natives.last = native;
  }

  // 001 pppp c, [svarint pointer], [svarint native]
  #object(token: number): void {
    const reader = this.#reader;
    const index = (token >> 1) & 0xf;
    const slot = this.#pointer(index);
    const created = (token & 1) === 1;
    let native = this.#native ? 0 : -1;
    if (this.#native && created) native = this.#natives.last + reader.svarint();
    if (reader.overrun) return;
    checkNative(native);
    this.#handler.object(this.#addressHigh(slot), this.#addressLow(slot), created, native);
    if (index === POINTER_NOT_CACHED) this.#newest = slot;
    if (this.#native && created) this.#natives.last = native;
  }

  // 01 uuuuu e, varint code object, svarint instruction offset
  #push(token: number): void {
    const reader = this.#reader;
    const code = reader.varint();
    const offset = reader.svarint();
    if (reader.position <= reader.end) this.#handler.push(code, offset, (token & ENTRY_FRAME_BIT) !== 0);
  }

  #plain(token: number): void {
    if (token !== TOKEN.SEGMENT) this.#natives.checkNoneDue();
    switch (token) {
      case TOKEN.TRAILER:
        this.#finished = true;
        return this.#handler.trailer();
      case TOKEN.MEMORY_RECORD:
        return readMemoryRecord(this.#reader, this.#handler);
      case TOKEN.CODE_OBJECT:
        this.#lastFirstLine = readCodeObject(this.#reader, this.#handler, this.#lastFirstLine);
        return;
      default:
        return this.#common.read(token);
    }
  }

  /**
   * Returns the cache slot of the record's pointer: that of a hit, or for a miss the next one, which is written but not
   * yet the newest.
   */
  #pointer(index: number): number {
    const newest = this.#newest;
    if (index !== POINTER_NOT_CACHED) return (newest + index) & CACHE_MASK;
    const reader = this.#reader;
    reader.swide();
    const slot = (newest - 1) & CACHE_MASK;
    const low = this.#cacheLow[newest]! + reader.low;
    this.#cacheLow[slot] = low;
    this.#cacheHigh[slot] = this.#cacheHigh[newest]! + reader.high + (low > 0xffff_ffff ? 1 : 0);
    return slot;
  }

  #addressHigh(slot: number): number {
    return ((this.#cacheHigh[slot]! << 3) | (this.#cacheLow[slot]! >>> 29)) >>> 0;
  }

  #addressLow(slot: number): number {
    return (this.#cacheLow[slot]! << 3) >>> 0;
  }
}

const NAMES: ReadonlyMap<number, string> = new Map([
  ...COMMON_NAMES,
  [TOKEN.TRAILER, 'trailer'],
  [TOKEN.MEMORY_RECORD, 'memory'],
  [TOKEN.CODE_OBJECT, 'code object'],
]);
