import {
  BACKSLASH,
  CLOSE_BRACKET,
  COMMA,
  fault,
  isSpace,
  MORE,
  type Position,
  QUOTE,
  type ValueParser,
} from './fault.js';
import { enlarged } from './growth.js';
import { MAX_TEXT_BYTES, type TextBytes } from './text-bytes.js';

type Expected = 'text or end' | 'text' | 'comma or end' | 'rest of text';

/** Parses a list of texts, from the byte after its bracket. */
export class StringList implements ValueParser {
  readonly #position: Position;
  readonly #texts: TextBytes;
  #expected: Expected = 'text or end';
  /** Start of a text that continues in the next piece. */
  #partial: Uint8Array<ArrayBuffer> = new Uint8Array(2 ** 10);
  #partialLength = 0;
  /** True when the last piece ended with a backslash. */
  #isEscaped = false;

  constructor(position: Position, texts: TextBytes) {
    this.#position = position;
    this.#texts = texts;
  }

  push(bytes: Uint8Array, start: number): number {
    let at = start;
    while (at < bytes.length) {
      if (this.#expected === 'rest of text') {
        at = this.#text(bytes, at);
        continue;
      }
      const byte = bytes[at]!;
      at += 1;
      if (isSpace(byte)) continue;
      if (this.#expected === 'comma or end') {
        if (byte === CLOSE_BRACKET) return at;
        if (byte !== COMMA) throw this.#damaged(at - 1);
        this.#expected = 'text';
      } else if (byte === QUOTE) at = this.#text(bytes, at);
      else if (byte === CLOSE_BRACKET && this.#expected === 'text or end') return at;
      else throw this.#damaged(at - 1);
    }
    return MORE;
  }

  /** Reads a text, or the rest of one. Returns the offset after it. */
  #text(bytes: Uint8Array, start: number): number {
    let at = start;
    if (this.#isEscaped && at < bytes.length) {
      this.#isEscaped = false;
      at += 1;
    }
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.#add(bytes, start, at);
        this.#expected = 'comma or end';
        return at + 1;
      }
      if (byte === BACKSLASH) at += 1;
      else if (byte < 0x20) throw this.#damaged(at);
    }
    this.#isEscaped = at > bytes.length;
    this.#keep(bytes, start, bytes.length);
    this.#expected = 'rest of text';
    return bytes.length;
  }

  #add(bytes: Uint8Array, from: number, to: number): void {
    let isAdded: boolean;
    if (this.#partialLength > 0) {
      this.#keep(bytes, from, to);
      isAdded = this.#texts.add(this.#partial, 0, this.#partialLength);
      this.#partialLength = 0;
    } else {
      if (to - from > MAX_TEXT_BYTES) throw this.#tooLong(to);
      isAdded = this.#texts.add(bytes, from, to);
    }
    if (!isAdded) throw fault(this.#position, to, 'the texts take more than 4 GiB');
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    const length = this.#partialLength + to - from;
    if (length > MAX_TEXT_BYTES) throw this.#tooLong(to);
    if (length > this.#partial.length)
      this.#partial = enlarged(this.#partial, Math.min(MAX_TEXT_BYTES, length * 2));
    this.#partial.set(bytes.subarray(from, to), this.#partialLength);
    this.#partialLength = length;
  }

  #tooLong(at: number): Error {
    return fault(this.#position, at, `a text of more than ${MAX_TEXT_BYTES} bytes`);
  }

  #damaged(at: number): Error {
    return fault(this.#position, at, '`strings` is damaged');
  }
}
