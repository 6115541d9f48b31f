import { MAGIC } from './header.js';

export const LZ4_MAGIC_BYTES: readonly number[] = [0x04, 0x22, 0x4d, 0x18];

/** What follows the end of a capture in its file, other than zeros. It is not read. */
export interface CaptureRest {
  /** Where it begins, in bytes from the start of the capture; of the compressed file if `compressed`. */
  readonly offset: number;
  readonly compressed: boolean;
  /** Whether it is another capture: two files were joined. */
  readonly isCapture: boolean;
}

/** Looks for {@link CaptureRest} behind a trailer, as the bytes come. */
export class CaptureRestFinder {
  /** Zeros so far, which are room that memray has reserved. */
  #zeros = 0;
  /** The first bytes that are no zeros. */
  readonly #head: number[] = [];

  /** Whether more bytes tell nothing more. */
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

  /** What was found; the trailer ends at `offset`. */
  rest(offset: number, compressed: boolean): CaptureRest | undefined {
    if (this.#head.length === 0) return undefined;
    return { offset: offset + this.#zeros, compressed, isCapture: beginsCapture(this.#head) };
  }
}

function beginsCapture(head: readonly number[]): boolean {
  return [MAGIC, LZ4_MAGIC_BYTES].some((magic) => [...magic].every((byte, at) => head[at] === byte));
}
