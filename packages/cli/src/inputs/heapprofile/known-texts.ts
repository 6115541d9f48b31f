const SLOTS = 2 ** 12;
const MAX_BYTES = 2 ** 8;

/**
 * Caches strings of plain ASCII. A file repeats the same few thousand texts, and a look-up is several times as fast as
 * creating a string.
 */
export class KnownTexts {
  readonly #bytes: (Buffer | undefined)[] = new Array<Buffer | undefined>(SLOTS).fill(undefined);
  readonly #texts: string[] = new Array<string>(SLOTS).fill('');

  /**
   * Returns the text of these bytes.
   *
   * @param hash any number that is equal for equal bytes
   */
  text(bytes: Buffer, from: number, to: number, hash: number): string {
    const length = to - from;
    if (length > MAX_BYTES) return bytes.toString('latin1', from, to);
    const slot = (hash ^ (hash >>> 12)) & (SLOTS - 1);
    const known = this.#bytes[slot];
    if (known !== undefined && isSame(known, bytes, from, length)) return this.#texts[slot]!;
    const text = bytes.toString('latin1', from, to);
    this.#bytes[slot] = Buffer.from(bytes.subarray(from, to));
    this.#texts[slot] = text;
    return text;
  }
}

function isSame(known: Buffer, bytes: Buffer, from: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let at = 0; at < length; at += 1) if (known[at] !== bytes[from + at]) return false;
  return true;
}
