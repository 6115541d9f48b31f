import { MAGIC } from '../format/header.js';

export const LZ4_MAGIC_BYTES: readonly number[] = [0x04, 0x22, 0x4d, 0x18];

/** Data in the file after the end of a capture, other than zeros. It is not read. */
export interface CaptureRest {
  /** Offset of the data in bytes, from the start of the capture; in the compressed file if `compressed`. */
  readonly offset: number;
  readonly compressed: boolean;
  /** True if the data is another capture: two files were concatenated. */
  readonly isCapture: boolean;
}

/** Detects {@link CaptureRest} after a trailer, as the bytes arrive. */
export class CaptureRestFinder {
  /** Number of zeros so far. memray preallocates this space. */
  #zeros = 0;
  /** The first bytes other than zeros. */
  readonly #head: number[] = [];

  /** True if more bytes would not change the result. */
  get isKnown(): boolean {
    return this.#head.length === MAGIC.length;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    if (this.#head.length === 0) {
      while (at < bytes.length && bytes[at] === 0) at += 1;
      this.#zeros += at;
    }
    for (; at < bytes.length && !this.isKnown; at += 1) this.#head.push(bytes[at]!);
  }

  /** Returns the data found, if any. `offset` is the end of the trailer. */
  rest(offset: number, compressed: boolean): CaptureRest | undefined {
    if (this.#head.length === 0) return undefined;
    return { offset: offset + this.#zeros, compressed, isCapture: beginsCapture(this.#head) };
  }
}

function beginsCapture(head: readonly number[]): boolean {
  return [MAGIC, LZ4_MAGIC_BYTES].some((magic) => [...magic].every((byte, at) => head[at] === byte));
}
