import { LENGTH_DELIMITED, VARINT } from './proto-fields.js';

const TWO_28 = 2 ** 28;
const TWO_31 = 2 ** 31;
const TWO_32 = 2 ** 32;
const FIXED_64 = 1;
/** Upper limit for the size of a tag and one number. */
const FIELD_BYTES = 20;
/** Longest text that is written character by character, which is faster than the encoder for short ASCII. */
const SHORT_TEXT = 64;
/** Longest run of bytes that is copied byte by byte. */
const SHORT_RUN = 32;

const utf8 = new TextEncoder();

/** Returns the number of bytes of a number from -2^63 to 2^64 as a varint. */
export function varintSize(value: number): number {
  if (value < 0x80) return value < 0 ? 10 : 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < TWO_28) return 4;
  return 4 + varintSize(Math.floor(value / TWO_28));
}

/**
 * Returns the value.
 *
 * @throws RangeError when it does not fit into 64 bits
 */
export function assertInt64(value: number): number {
  if (value >= 2 ** 63 || value < -(2 ** 63))
    throw new RangeError(`value ${value} does not fit into 64 bits`);
  return value;
}

/**
 * Writes protocol buffers in one pass. Methods that take a field number make room by themselves, and omit zeros and empty
 * texts, which are the defaults.
 *
 * The buffer is public for loops over many numbers: they make room with {@link reserve}, write from `at` on, and set `at`.
 */
export class ProtoWriter {
  bytes: Uint8Array<ArrayBuffer>;
  /** Number of bytes written. */
  at = 0;

  /**
   * Creates a writer.
   *
   * @param capacity number of bytes to make room for
   */
  constructor(capacity = 1024) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.at + count > this.bytes.length) this.#grow(count);
  }

  /** Writes an integer from -2^63 to 2^63. The room must have been reserved. */
  varint(value: number): void {
    if (value < 0 || value >= TWO_31) return this.#wide(value);
    const { bytes } = this;
    let { at } = this;
    let rest = value;
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.at = at;
  }

  /** Writes the tag of a field. The room must have been reserved. */
  tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  /** Writes bytes as they are: all, or those from `from` to `to`. */
  raw(run: Uint8Array, from = 0, to: number = run.length): void {
    const length = to - from;
    this.reserve(length);
    const { bytes, at } = this;
    this.at = at + length;
    if (length > SHORT_RUN) return bytes.set(run.subarray(from, to), at);
    for (let i = 0; i < length; i++) bytes[at + i] = run[from + i]!;
  }

  /** Writes a field of type int32, int64, uint64 or bool. */
  integer(field: number, value: number): void {
    if (value !== 0) this.number(field, value);
  }

  /** Writes such a field, also for 0. */
  number(field: number, value: number): void {
    this.reserve(FIELD_BYTES);
    this.tag(field, VARINT);
    this.varint(value);
  }

  /** Writes a field of type int64 or uint64, exact. */
  bigInteger(field: number, value: bigint): void {
    if (value === 0n) return;
    this.reserve(FIELD_BYTES);
    this.tag(field, VARINT);
    const bits = BigInt.asUintN(64, value);
    this.#halves(Number(bits & 0xffff_ffffn), Number(bits >> 32n));
  }

  /** Writes a field of type fixed64. */
  fixed64(field: number, value: bigint): void {
    if (value === 0n) return;
    this.#eightBytes(field, (view, at) => view.setBigUint64(at, value, true));
  }

  /** Writes a field of type double, also for 0. */
  double(field: number, value: number): void {
    this.#eightBytes(field, (view, at) => view.setFloat64(at, value, true));
  }

  /** Writes a text. Lone surrogates become U+FFFD. */
  text(field: number, text: string): void {
    if (text !== '') this.element(field, text);
  }

  /** Writes a text, also an empty one, as an element of a list must be. */
  element(field: number, text: string): void {
    // A UTF-16 unit takes at most three bytes.
    this.reserve(FIELD_BYTES + text.length * 3);
    this.tag(field, LENGTH_DELIMITED);
    if (text.length > SHORT_TEXT || !this.#ascii(text)) this.#encoded(text);
  }

  /** Writes a list of unsigned integers, packed; nothing for an empty one. */
  packed(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    const start = this.open(field);
    for (const value of values) {
      this.reserve(FIELD_BYTES);
      this.varint(value);
    }
    this.close(start);
  }

  /** Starts a message. Returns what {@link close} needs. */
  open(field: number): number {
    this.reserve(FIELD_BYTES);
    this.tag(field, LENGTH_DELIMITED);
    // Most messages are shorter than 128 bytes, so that their length takes one byte.
    this.at += 1;
    return this.at;
  }

  /** Ends the message that {@link open} started, and writes its length. */
  close(start: number): void {
    const length = this.at - start;
    const more = varintSize(length) - 1;
    if (more > 0) {
      this.reserve(more);
      this.bytes.copyWithin(start + more, start, this.at);
    }
    this.at = start - 1;
    this.varint(length);
    this.at += length;
  }

  /**
   * Returns what was written, and starts over with an empty buffer. The result may be the start of a buffer that is a third
   * larger, because copying takes time.
   */
  take(): Uint8Array<ArrayBuffer> {
    const { bytes, at } = this;
    this.bytes = new Uint8Array();
    this.at = 0;
    return at * 4 >= bytes.length * 3 ? bytes.subarray(0, at) : bytes.slice(0, at);
  }

  /** Writes a short text if it is ASCII. Otherwise writes nothing, and returns false. */
  #ascii(text: string): boolean {
    const { bytes } = this;
    let at = this.at;
    bytes[at++] = text.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.at = at;
    return true;
  }

  #encoded(text: string): void {
    // Leave room for the length of the text as ASCII, and move the text if it is longer.
    const guess = varintSize(text.length);
    const from = this.at + guess;
    const { written } = utf8.encodeInto(text, this.bytes.subarray(from));
    const size = varintSize(written);
    if (size !== guess) this.bytes.copyWithin(this.at + size, from, from + written);
    this.varint(written);
    this.at += written;
  }

  #wide(value: number): void {
    // The division is exact, because it only changes the exponent.
    const high = Math.floor(value / TWO_32);
    this.#halves(value - high * TWO_32, high >>> 0);
  }

  #halves(lowHalf: number, highHalf: number): void {
    const { bytes } = this;
    let { at } = this;
    let low = lowHalf;
    let high = highHalf;
    while (high > 0) {
      bytes[at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    while (low > 0x7f) {
      bytes[at++] = (low & 0x7f) | 0x80;
      low >>>= 7;
    }
    bytes[at++] = low;
    this.at = at;
  }

  #eightBytes(field: number, set: (view: DataView, at: number) => void): void {
    this.reserve(FIELD_BYTES);
    this.tag(field, FIXED_64);
    set(new DataView(this.bytes.buffer), this.at);
    this.at += 8;
  }

  #grow(count: number): void {
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.at + count));
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes = grown;
  }
}
