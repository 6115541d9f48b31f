import {
  CLOSE_BRACKET,
  COMMA,
  fault,
  isSpace,
  MINUS,
  MORE,
  type Position,
  type ValueParser,
  ZERO,
} from './fault.js';

/** Receives the rows of a list of numbers. */
export interface NumberRows {
  /** Name of the list in the file. */
  readonly name: string;
  /** Numbers in a row. */
  readonly width: number;
  readonly allowsNegative: boolean;
  /** Takes the next rows, which are at the start of `values`. Returns the reason when one of them is not valid. */
  add(values: Float64Array, rows: number): string | undefined;
}

/** Number of rows that are passed on at once. */
const BATCH_ROWS = 2 ** 12;
/** Maximum number of digits of an integer that is always exact. */
const MAX_DIGITS = 15;

/** Parses a list of whole numbers, from the byte after its bracket. */
export class NumberList implements ValueParser {
  readonly #position: Position;
  readonly #rows: NumberRows;
  readonly #batch: Float64Array;
  #filled = 0;
  #isEmpty = true;
  /** The number that the last piece ended in. */
  #value = 0;
  #digits = 0;
  #isNegative = false;
  #isOver = false;

  constructor(position: Position, rows: NumberRows) {
    this.#position = position;
    this.#rows = rows;
    this.#batch = new Float64Array(rows.width * BATCH_ROWS);
  }

  push(bytes: Uint8Array, start: number): number {
    const batch = this.#batch;
    const length = bytes.length;
    let filled = this.#filled;
    let value = this.#value;
    let digits = this.#digits;
    for (let at = start; at < length; at++) {
      const byte = bytes[at]!;
      const digit = byte - ZERO;
      if (digit >= 0 && digit <= 9) {
        if (this.#isOver) throw this.#damaged(at);
        value = value * 10 + digit;
        digits += 1;
      } else if (byte === COMMA || byte === CLOSE_BRACKET) {
        if (digits === 0) {
          if (byte === CLOSE_BRACKET && this.#isEmpty && !this.#isNegative) return at + 1;
          throw this.#damaged(at);
        }
        if (digits > MAX_DIGITS) throw fault(this.#position, at, `a number of ${digits} digits`);
        batch[filled++] = this.#isNegative ? -value : value;
        value = 0;
        digits = 0;
        this.#isOver = false;
        this.#isNegative = false;
        this.#isEmpty = false;
        if (filled === batch.length) filled = this.#flush(filled, at);
        if (byte === CLOSE_BRACKET) {
          this.#flush(filled, at);
          return at + 1;
        }
      } else if (isSpace(byte)) {
        if (digits > 0) this.#isOver = true;
      } else if (byte === MINUS && digits === 0 && !this.#isNegative) {
        if (!this.#rows.allowsNegative)
          throw fault(this.#position, at, `a negative number in \`${this.#rows.name}\``);
        this.#isNegative = true;
      } else throw this.#damaged(at);
    }
    this.#filled = filled;
    this.#value = value;
    this.#digits = digits;
    return MORE;
  }

  /** Passes the rows on. Returns the number of values left, which is 0. */
  #flush(filled: number, at: number): number {
    const { width, name } = this.#rows;
    if (filled % width !== 0) {
      throw fault(this.#position, at, `\`${name}\` ends within a row of ${width} numbers`);
    }
    const reason = this.#rows.add(this.#batch, filled / width);
    if (reason !== undefined) throw fault(this.#position, at, reason);
    return 0;
  }

  #damaged(at: number): Error {
    return fault(this.#position, at, `\`${this.#rows.name}\` has something else than whole numbers`);
  }
}
