const INITIAL_CAPACITY = 4096;
/** A buffer larger than this is released by {@link ByteWriter.take}. */
const KEPT_CAPACITY = 1 << 20;
const TWO_28 = 2 ** 28;
const TWO_31 = 2 ** 31;
const TWO_32 = 2 ** 32;

/** Upper limit for the size of one number in any of the encodings below. */
export const MAX_NUMBER_BYTES = 10;

const utf8 = new TextEncoder();

/**
 * A growable little-endian byte buffer.
 *
 * Only {@link reserve}, {@link bytes}, {@link text} and {@link take} check the capacity. For all other methods, the
 * caller first reserves the maximum size of a whole record and then writes its parts unchecked. Writes beyond the
 * reserved room are silently lost, as usual for typed arrays.
 */
export class ByteWriter {
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(INITIAL_CAPACITY);
  #length = 0;

  /** Bytes written since the last {@link take}. */
  get length(): number {
    return this.#length;
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.#length + count > this.#buffer.length) this.#grow(count);
  }

  u8(value: number): void {
    this.#buffer[this.#length++] = value;
  }

  /** Writes a 32-bit word. Signed values are written as two's complement. */
  u32(value: number): void {
    const buffer = this.#buffer;
    const at = this.#length;
    buffer[at] = value;
    buffer[at + 1] = value >>> 8;
    buffer[at + 2] = value >>> 16;
    buffer[at + 3] = value >>> 24;
    this.#length = at + 4;
  }

  /** Writes a 64-bit word of an integer from -2^53 to 2^53. Negative values are written as two's complement. */
  u64(value: number): void {
    this.u32(value >>> 0);
    this.u32(Math.floor(value / TWO_32) | 0);
  }

  /** Writes an unsigned LEB128 of an integer from 0 to 2^53. */
  varint(value: number): void {
    let rest = value;
    if (rest >= TWO_31) {
      // Shifts use 32 bits only: write four whole groups first, which leaves at most 25 bits.
      const low = rest % TWO_28;
      this.#fourGroups(low);
      rest = (rest - low) / TWO_28;
    }
    const buffer = this.#buffer;
    let at = this.#length;
    while (rest > 0x7f) {
      buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[at++] = rest;
    this.#length = at;
  }

  /**
   * Writes a zigzag LEB128 of an integer from -2^53 to 2^53.
   *
   * The zigzag value may need 54 bits, so it is never computed. The first group is the sign and six bits of the
   * magnitude; the rest is an ordinary unsigned number.
   */
  svarint(value: number): void {
    const sign = value < 0 ? 1 : 0;
    const size = sign === 1 ? -value - 1 : value; // -1, 1, -2, 2 … have the magnitudes 0, 1, 1, 2 …
    const first = ((size & 0x3f) << 1) | sign;
    if (size <= 0x3f) {
      this.#buffer[this.#length++] = first;
      return;
    }
    this.#buffer[this.#length++] = first | 0x80;
    this.varint(size < TWO_31 ? size >>> 6 : Math.floor(size / 64));
  }

  /** Writes a copy of `bytes`. Reserves the room itself. */
  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Writes `text` as UTF-8, without length or terminator. Reserves the room itself. Lone surrogates become U+FFFD. */
  text(text: string): void {
    this.reserve(text.length * 3); // maximum number of UTF-8 bytes per UTF-16 unit
    this.#length += utf8.encodeInto(text, this.#buffer.subarray(this.#length)).written;
  }

  /** Returns the bytes written since the last call, in a buffer of their own, and starts over. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#buffer.slice(0, this.#length);
    this.#length = 0;
    if (this.#buffer.length > KEPT_CAPACITY) this.#buffer = new Uint8Array(INITIAL_CAPACITY);
    return taken;
  }

  #fourGroups(value: number): void {
    const buffer = this.#buffer;
    const at = this.#length;
    buffer[at] = (value & 0x7f) | 0x80;
    buffer[at + 1] = ((value >>> 7) & 0x7f) | 0x80;
    buffer[at + 2] = ((value >>> 14) & 0x7f) | 0x80;
    buffer[at + 3] = (value >>> 21) | 0x80;
    this.#length = at + 4;
  }

  #grow(count: number): void {
    const grown = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + count));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}
