import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  fault,
  isSpace,
  MORE,
  OPEN_BRACE,
  OPEN_BRACKET,
  type Position,
  QUOTE,
  type ValueParser,
} from './fault.js';
import { enlarged } from './growth.js';

const FIRST_BYTES = 2 ** 12;

/**
 * Finds the end of any value, from its first byte. Keeps its bytes if there is a limit for them. Checks only that
 * brackets are closed.
 */
export class RawValue implements ValueParser {
  readonly #position: Position;
  readonly #name: string;
  readonly #limit: number;
  #kept: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #depth = 0;
  #isText = false;
  #isEscaped = false;
  #isStarted = false;

  /**
   * Creates a parser.
   *
   * @param limit maximum size of the value in bytes; 0 to skip a value of any size
   */
  constructor(position: Position, name: string, limit: number) {
    this.#position = position;
    this.#name = name;
    this.#limit = limit;
  }

  /** Bytes of the value, if it was kept. */
  get bytes(): Uint8Array {
    return this.#kept.subarray(0, this.#length);
  }

  push(bytes: Uint8Array, start: number): number {
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (this.#isText) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) {
          this.#isText = false;
          if (this.#depth === 0) return this.#keep(bytes, start, at + 1);
        }
      } else if (byte === QUOTE) this.#isText = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth += 1;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        // A number or literal ends before the bracket of what contains it.
        if (this.#depth === 0) return this.#scalar(bytes, start, at);
        this.#depth -= 1;
        if (this.#depth === 0) return this.#keep(bytes, start, at + 1);
      } else if (this.#depth === 0 && (byte === COMMA || isSpace(byte))) {
        return this.#scalar(bytes, start, at);
      }
      this.#isStarted = true;
    }
    this.#keep(bytes, start, bytes.length);
    return MORE;
  }

  #scalar(bytes: Uint8Array, start: number, at: number): number {
    if (!this.#isStarted) throw fault(this.#position, at, `\`${this.#name}\` has no value`);
    return this.#keep(bytes, start, at);
  }

  #keep(bytes: Uint8Array, from: number, to: number): number {
    if (this.#limit === 0) return to;
    const length = this.#length + to - from;
    if (length > this.#limit) {
      throw fault(this.#position, from, `\`${this.#name}\` is larger than the limit of ${this.#limit} bytes`);
    }
    if (length > this.#kept.length) this.#kept = enlarged(this.#kept, length * 2);
    this.#kept.set(bytes.subarray(from, to), this.#length);
    this.#length = length;
    return to;
  }
}
