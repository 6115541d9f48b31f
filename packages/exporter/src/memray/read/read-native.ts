import type { ByteReader } from '../../wire/byte-reader.js';
import { RecordDamage, type RecordHandler } from '../format/record-handler.js';

const MAX_NATIVE_ID = 2 ** 31 - 1;

/** Checks the number of a native stack: stacks are numbered one by one, so it must be small, or -1 for none. */
export function checkNative(native: number): void {
  if (native > MAX_NATIVE_ID || native < -1) throw new RecordDamage(`impossible native frame ${native}`);
}

/**
 * Checks a size.
 *
 * @throws RecordDamage for a size that no process can have
 */
function checkSize(size: number): void {
  if (size > Number.MAX_SAFE_INTEGER) throw new RecordDamage(`an impossible size ${size}`);
}

/**
 * Reads the records of native stacks, each after its first byte: frames, memory maps, images and the segments that must
 * follow an image. They are equal in all formats.
 */
export class NativeRecords {
  readonly #reader: ByteReader;
  readonly #handler: RecordHandler;
  #lastIpHigh = 0;
  #lastIpLow = 0;
  /** The last native stack. Allocations and objects of formats 12 and 13 update it too. */
  last = 0;
  /** Number of segments that must come next, before any other record. */
  segmentsDue = 0;

  constructor(reader: ByteReader, handler: RecordHandler) {
    this.#reader = reader;
    this.#handler = handler;
  }

  /** Reads `svarint ip - last ip, svarint parent - last native`. */
  frame(): void {
    const reader = this.#reader;
    reader.swide();
    const low = this.#lastIpLow + reader.low;
    const high = (this.#lastIpHigh + reader.high + (low > 0xffff_ffff ? 1 : 0)) >>> 0;
    const parent = this.last + reader.svarint();
    if (reader.overrun) return;
    checkNative(parent);
    // Store only what the handler has accepted: a refused record may be read again.
    this.#handler.nativeFrame(high, low >>> 0, parent);
    this.#lastIpLow = low >>> 0;
    this.#lastIpHigh = high;
    this.last = parent;
  }

  /** Reads `path, 00, varint segments, u64 load address`. */
  image(): void {
    const reader = this.#reader;
    const path = reader.text();
    const segments = reader.varint();
    reader.u64();
    if (reader.overrun) return;
    checkSize(segments);
    this.#handler.image(path, segments, reader.high, reader.low);
    this.segmentsDue = segments;
  }

  /** Reads `u64 address, varint size`. */
  segment(): void {
    if (this.segmentsDue === 0) throw new RecordDamage('a segment outside of an image');
    const reader = this.#reader;
    reader.u64();
    const { high, low } = reader;
    const size = reader.varint();
    if (reader.overrun) return;
    checkSize(size);
    this.#handler.segment(high, low, size);
    this.segmentsDue -= 1;
  }

  /** Checks that no segment is due. Call before any record other than a segment. */
  checkNoneDue(): void {
    if (this.segmentsDue > 0) throw new RecordDamage('a segment is missing');
  }
}
