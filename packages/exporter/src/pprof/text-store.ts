import { isUtf8 } from 'node:buffer';

const BLOCK_BYTES = 2 ** 20;
const FIRST_TEXTS = 2 ** 10;
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Stores texts as bytes and decodes them on demand. A file can contain millions of texts that nothing refers to, and a
 * string takes several times the size of its bytes.
 */
export class TextStore {
  readonly #blocks: Uint8Array[] = [];
  /** Offset of the free bytes in the last block. */
  #free = 0;
  /** Three numbers per text: its block, its offset in the block, and its length. */
  #places: Uint32Array = new Uint32Array(FIRST_TEXTS * 3);
  #count = 0;
  /** Size of all texts in bytes. */
  #bytes = 0;
  readonly #known: Map<number, string> = new Map();

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds a text.
   *
   * @throws Error when it is not UTF-8
   */
  add(bytes: Uint8Array, from: number, to: number): void {
    const text = bytes.subarray(from, to);
    if (!isAscii(text) && !isUtf8(text)) throw new Error('a text is not UTF-8');
    const block = this.#room(text.length);
    block.set(text, this.#free);
    if (this.#count * 3 === this.#places.length) this.#grow();
    const at = this.#count * 3;
    this.#places[at] = this.#blocks.length - 1;
    this.#places[at + 1] = this.#free;
    this.#places[at + 2] = text.length;
    this.#free += text.length;
    this.#bytes += text.length;
    this.#count += 1;
  }

  /** Returns the text with this number, from 0, or undefined when there is none. */
  at(index: number): string | undefined {
    if (!(index >= 0 && index < this.#count)) return undefined;
    let text = this.#known.get(index);
    if (text === undefined) {
      const [block, from, length] = this.#places.subarray(index * 3, index * 3 + 3) as unknown as number[];
      text = utf8.decode(this.#blocks[block!]!.subarray(from, from! + length!));
      this.#known.set(index, text);
    }
    return text;
  }

  #room(length: number): Uint8Array {
    const last = this.#blocks.at(-1);
    if (last !== undefined && this.#free + length <= last.length) return last;
    const block = new Uint8Array(Math.max(BLOCK_BYTES, length));
    this.#blocks.push(block);
    this.#free = 0;
    return block;
  }

  #grow(): void {
    const places = new Uint32Array(this.#places.length * 2);
    places.set(this.#places);
    this.#places = places;
  }
}

function isAscii(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at]! >= 0x80) return false;
  return true;
}
