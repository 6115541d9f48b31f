/** A place in a text. Line and column count from 0; columns in UTF-16 units, as in V8. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Thrown for a program with too many lines. */
export class TooManyLines extends Error {}

const MAX_LINES = 4_000_000;
/** Line terminators of V8, which also end lines in strings and comments. */
const LINE_END = /\r\n|[\n\r\u2028\u2029]/g;

/** The text of a program as V8 sees it: without a byte order mark, which is not part of its first line. */
export class GeneratedCode {
  readonly text: string;
  readonly #lineStarts: Uint32Array;

  /** @throws TooManyLines */
  constructor(text: string) {
    this.text = text.startsWith('\uFEFF') ? text.slice(1) : text;
    this.#lineStarts = lineStarts(this.text);
  }

  get lines(): number {
    return this.#lineStarts.length;
  }

  /** Approximate memory of the text, in bytes; an upper bound that assumes two bytes per character. */
  get bytes(): number {
    return this.text.length * 2 + this.#lineStarts.byteLength;
  }

  /** Returns the index of a place in the text; undefined if it does not exist. */
  offsetOf({ line, column }: Place): number | undefined {
    const start = this.#lineStarts[line];
    if (start === undefined || column < 0) return undefined;
    const offset = start + column;
    return offset <= (this.#lineStarts[line + 1] ?? this.text.length) ? offset : undefined;
  }

  /** Returns the place of an index in the text. */
  placeOf(offset: number): Place {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low, column: offset - (this.#lineStarts[low] as number) };
  }
}

function lineStarts(text: string): Uint32Array {
  let starts = new Uint32Array(64);
  let count = 1;
  for (const match of text.matchAll(LINE_END)) {
    if (count >= MAX_LINES) throw new TooManyLines(`more than ${MAX_LINES} lines`);
    if (count === starts.length) {
      const longer = new Uint32Array(starts.length * 2);
      longer.set(starts);
      starts = longer;
    }
    starts[count++] = match.index + match[0].length;
  }
  return starts.slice(0, count);
}
