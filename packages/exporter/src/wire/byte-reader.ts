/** Number of zero bytes after the data, so that reading numbers past the end finds harmless values. */
const SLACK = 256;
const INITIAL_CAPACITY = 64 * 1024;
const TWO_32 = 2 ** 32;
/** Bits of four LEB128 groups (28), and the sign bit, which marks that more groups follow. */
const PART_MASK = 0x0fff_ffff;
const MORE = 1 << 31;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Error for a LEB128 number of more than 64 bits. */
export class MalformedNumberError extends Error {
  override readonly name = 'MalformedNumberError';

  constructor() {
    super('a number of more than 64 bits');
  }
}

/**
 * Reads fields from a stream that is only partly available.
 *
 * Reads of numbers are not checked one by one: past the end they return zeros. The reader of a record checks
 * {@link overrun} once at its end. If it is set, the reader resets `position` to the start of the record, and reads the
 * record again when more data is available. A record must take less than {@link SLACK} bytes in addition to its strings
 * and byte runs, which check for themselves.
 */
export class ByteReader {
  /** The data from 0 to {@link end}, followed by at least {@link SLACK} zeros. */
  bytes: Uint8Array = new Uint8Array(INITIAL_CAPACITY);
  position = 0;
  end = 0;
  /** Unsigned halves of the last 64-bit number read by {@link wide}, {@link swide} or {@link u64}. */
  high = 0;
  low = 0;
  #base = 0;

  /** Offset of `position` in the stream. */
  get offset(): number {
    return this.#base + this.position;
  }

  /** Number of bytes available to read. */
  get available(): number {
    return this.end - this.position;
  }

  /** True if a read went past the end, so that its result is meaningless. */
  get overrun(): boolean {
    return this.position > this.end;
  }

  /** Appends the next bytes of the stream, and drops those already read. */
  push(chunk: Uint8Array): void {
    const left = this.end - this.position;
    const needed = left + chunk.length + SLACK;
    let bytes = this.bytes;
    if (needed > bytes.length) bytes = new Uint8Array(Math.max(needed, bytes.length * 2));
    if (left > 0) bytes.set(this.bytes.subarray(this.position, this.end));
    bytes.set(chunk, left);
    this.#base += this.position;
    this.position = 0;
    this.end = left + chunk.length;
    bytes.fill(0, this.end, this.end + SLACK);
    this.bytes = bytes;
  }

  u8(): number {
    return this.bytes[this.position++]!;
  }

  u32(): number {
    const { bytes, position } = this;
    this.position = position + 4;
    const top = bytes[position + 3]! << 24;
    return (bytes[position]! | (bytes[position + 1]! << 8) | (bytes[position + 2]! << 16) | top) >>> 0;
  }

  i32(): number {
    return this.u32() | 0;
  }

  /** Reads a number, rounded to the nearest double; {@link high} and {@link low} are exact. */
  u64(): number {
    this.low = this.u32();
    this.high = this.u32();
    return this.high * TWO_32 + this.low;
  }

  /** Reads a number, rounded to the nearest double; {@link high} and {@link low} are exact. */
  i64(): number {
    this.u64();
    return (this.high | 0) * TWO_32 + this.low;
  }

  /**
   * Reads an unsigned LEB128 of up to 64 bits, rounded to the nearest double.
   *
   * @throws MalformedNumberError, as all methods that read LEB128 do
   */
  varint(): number {
    const first = this.bytes[this.position]!;
    if (first < 0x80) {
      this.position += 1;
      return first;
    }
    this.wide();
    return this.high * TWO_32 + this.low;
  }

  /** Reads a zigzag LEB128 of up to 64 bits, rounded to the nearest double. */
  svarint(): number {
    const first = this.bytes[this.position]!;
    if (first < 0x80) {
      this.position += 1;
      return (first >>> 1) ^ -(first & 1);
    }
    this.swide();
    return (this.high | 0) * TWO_32 + this.low;
  }

  /** Reads an unsigned LEB128 of up to 64 bits into {@link high} and {@link low}. */
  wide(): void {
    // Reads 28, 28 and then 8 bits, because 32-bit integers are fast.
    const low = this.#part();
    if (low < 0) {
      const middle = this.#part();
      let top = 0;
      if (middle < 0) {
        top = this.#part();
        // The zeros after the end terminate a truncated number, so this one really is that long.
        if (top < 0 || top > 0xff) throw new MalformedNumberError();
      }
      this.low = ((low & PART_MASK) | (middle << 28)) >>> 0;
      this.high = (((middle & PART_MASK) >>> 4) | (top << 24)) >>> 0;
    } else {
      this.low = low;
      this.high = 0;
    }
  }

  /** Reads a zigzag LEB128 of up to 64 bits into {@link high} and {@link low}, as two's complement. */
  swide(): void {
    this.wide();
    const { high, low } = this;
    const sign = -(low & 1);
    this.low = (((low >>> 1) | (high << 31)) ^ sign) >>> 0;
    this.high = ((high >>> 1) ^ sign) >>> 0;
  }

  /** Reads UTF-8 up to and including a NUL. Invalid UTF-8 becomes U+FFFD. Overruns if the NUL has not arrived yet. */
  text(): string {
    const nul = this.bytes.indexOf(0, this.position);
    if (nul >= this.end) {
      this.position = this.end + 1;
      return '';
    }
    const text = decode(this.bytes, this.position, nul);
    this.position = nul + 1;
    return text;
  }

  /** Returns a copy of the next `count` bytes. Overruns if they are not available yet. */
  run(count: number): Uint8Array {
    const from = this.position;
    this.position = count > this.end - from ? this.end + 1 : from + count;
    return this.overrun ? new Uint8Array() : this.bytes.slice(from, this.position);
  }

  /** Reads at most four groups of seven bits. The result is negative (the sign bit is set) if more follow. */
  #part(): number {
    const { bytes } = this;
    let at = this.position;
    let byte = bytes[at++]!;
    let part = byte & 0x7f;
    if (byte > 0x7f) {
      byte = bytes[at++]!;
      part |= (byte & 0x7f) << 7;
      if (byte > 0x7f) {
        byte = bytes[at++]!;
        part |= (byte & 0x7f) << 14;
        if (byte > 0x7f) {
          byte = bytes[at++]!;
          part |= (byte & 0x7f) << 21;
          if (byte > 0x7f) part |= MORE;
        }
      }
    }
    this.position = at;
    return part;
  }
}

/** Decodes UTF-8. Most names are short ASCII: for these, the loop is faster than the decoder. */
function decode(bytes: Uint8Array, from: number, to: number): string {
  if (to - from > 24) return utf8.decode(bytes.subarray(from, to));
  let text = '';
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at]!;
    if (byte >= 0x80) return utf8.decode(bytes.subarray(from, to));
    text += String.fromCharCode(byte);
  }
  return text;
}
