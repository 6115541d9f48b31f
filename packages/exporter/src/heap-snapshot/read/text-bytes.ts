import { enlarged, FIRST_ROWS } from './growth.js';

const BLOCK_BITS = 22;
/** Size of a block, and of the longest text. V8 cuts texts in snapshots to 1,024 characters by default. */
export const MAX_TEXT_BYTES: number = 2 ** BLOCK_BITS;
const MAX_BLOCKS = 2 ** (32 - BLOCK_BITS);
/** Number of decoded texts to keep. */
const MAX_KNOWN = 2 ** 14;
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The texts of a snapshot as they are in the file, in JSON without quotes. A text is decoded when it is used: few of
 * the millions are.
 */
export class TextBytes {
  readonly #blocks: Uint8Array[] = [];
  /** Offset of each text: number of the block and offset in it. */
  #places: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_ROWS);
  #lengths: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_ROWS);
  #count = 0;
  #free = MAX_TEXT_BYTES;
  readonly #known: Map<number, string> = new Map();

  get count(): number {
    return this.#count;
  }

  /**
   * Adds a text of at most {@link MAX_TEXT_BYTES}. Returns false when all texts together would take more than
   * 4 GiB.
   */
  add(bytes: Uint8Array, from: number, to: number): boolean {
    const length = to - from;
    if (this.#free + length > MAX_TEXT_BYTES) {
      if (this.#blocks.length === MAX_BLOCKS) return false;
      this.#blocks.push(new Uint8Array(MAX_TEXT_BYTES));
      this.#free = 0;
    }
    const block = this.#blocks.length - 1;
    const stored = this.#blocks[block]!;
    // Copying byte by byte is faster for short texts than a view and `set`.
    if (length < 64) for (let at = 0; at < length; at++) stored[this.#free + at] = bytes[from + at]!;
    else stored.set(bytes.subarray(from, to), this.#free);
    if (this.#count === this.#places.length) {
      this.#places = enlarged(this.#places, this.#count * 2);
      this.#lengths = enlarged(this.#lengths, this.#count * 2);
    }
    this.#places[this.#count] = block * MAX_TEXT_BYTES + this.#free;
    this.#lengths[this.#count] = length;
    this.#free += length;
    this.#count += 1;
    return true;
  }

  /** Returns a text, decoded; empty for a number that no text has. */
  at(index: number): string {
    if (!(index >= 0 && index < this.#count)) return '';
    const known = this.#known.get(index);
    if (known !== undefined) return known;
    const text = decoded(this.bytesOf(index));
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(index, text);
    return text;
  }

  /** Returns the bytes of a text as they are in the file. The number must be in range. */
  bytesOf(index: number): Uint8Array {
    const place = this.#places[index]!;
    const from = place % MAX_TEXT_BYTES;
    return this.#blocks[Math.floor(place / MAX_TEXT_BYTES)]!.subarray(from, from + this.#lengths[index]!);
  }

  /** Returns whether a text starts with these ASCII characters. */
  startsWith(index: number, start: string): boolean {
    if (!(index < this.#count) || this.#lengths[index]! < start.length) return false;
    const place = this.#places[index]!;
    const block = this.#blocks[Math.floor(place / MAX_TEXT_BYTES)]!;
    const from = place % MAX_TEXT_BYTES;
    for (let at = 0; at < start.length; at++) if (block[from + at] !== start.charCodeAt(at)) return false;
    return true;
  }

  /** Returns the last byte of a text; 0 for an empty one. */
  lastByte(index: number): number {
    const length = this.#lengths[index]!;
    if (length === 0) return 0;
    const place = this.#places[index]!;
    return this.#blocks[Math.floor(place / MAX_TEXT_BYTES)]![(place % MAX_TEXT_BYTES) + length - 1]!;
  }

  /** Returns the number of the text with these ASCII characters, or -1. Takes time in proportion to all texts. */
  find(text: string): number {
    for (let index = 0; index < this.#count; index++) {
      if (this.#lengths[index] === text.length && this.startsWith(index, text)) return index;
    }
    return -1;
  }
}

function decoded(raw: Uint8Array): string {
  const text = utf8.decode(raw);
  if (!text.includes('\\')) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    // The text is only shown, so an escape that is not valid is shown as it is.
    return text;
  }
}
