const HASH_BITS = 14;
const MIN_MATCH = 4;
/** Largest offset of a match: offsets are 16 bits. */
const MAX_OFFSET = 0xffff;
/** The format requires the last five bytes of a block to be literals, and no match to begin within the last twelve. */
const LAST_LITERALS = 5;
const LAST_MATCH = 12;
/** 2^6 misses in a row increase the step of the search by one, so that incompressible data is passed quickly. */
const SKIP_SHIFT = 6;

/** Returns the maximum number of bytes that {@link Lz4BlockEncoder.encode} writes for `size` bytes of input. */
export function maxLz4BlockBytes(size: number): number {
  return size + Math.ceil(size / 255) + 16;
}

/**
 * Compresses blocks in LZ4's block format (described in lz4-block.ts). Greedy, with a table of the last position of
 * each four-byte sequence. Blocks are independent of each other.
 */
export class Lz4BlockEncoder {
  readonly #table: Int32Array = new Int32Array(1 << HASH_BITS);

  /**
   * Compresses `input` to the start of `output`, which needs room for {@link maxLz4BlockBytes}. Returns the compressed
   * size.
   */
  encode(input: Uint8Array, output: Uint8Array): number {
    const table = this.#table.fill(-1);
    const end = input.length;
    let anchor = 0;
    let target = 0;
    let misses = 1 << SKIP_SHIFT;
    for (let at = 0; at <= end - LAST_MATCH; ) {
      const word = wordAt(input, at);
      const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
      const candidate = table[slot]!;
      table[slot] = at;
      if (candidate < 0 || at - candidate > MAX_OFFSET || wordAt(input, candidate) !== word) {
        at += misses++ >> SKIP_SHIFT;
        continue;
      }
      misses = 1 << SKIP_SHIFT;
      let from = candidate;
      while (at > anchor && from > 0 && input[at - 1] === input[from - 1]) {
        at -= 1;
        from -= 1;
      }
      const length = matchLength(input, from, at, end - LAST_LITERALS);
      target = writeSequence(input, anchor, at, at - from, length, output, target);
      at += length;
      anchor = at;
    }
    return writeLiterals(input, anchor, end, output, target);
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function matchLength(input: Uint8Array, from: number, at: number, limit: number): number {
  let length = MIN_MATCH;
  while (at + length < limit && input[at + length] === input[from + length]) length += 1;
  return length;
}

/** Writes a sequence: `llll mmmm [more literals] literals u16 offset [more match]`. Returns its end. */
function writeSequence(
  input: Uint8Array,
  anchor: number,
  at: number,
  offset: number,
  length: number,
  output: Uint8Array,
  start: number,
): number {
  const match = length - MIN_MATCH;
  let target = writeLiterals(input, anchor, at, output, start);
  output[start]! |= Math.min(match, 15);
  output[target++] = offset;
  output[target++] = offset >>> 8;
  if (match >= 15) target = writeMore(match - 15, output, target);
  return target;
}

/**
 * Writes `llll 0000 [more literals] literals`: the whole last sequence, or the first part of another. Returns its end.
 */
function writeLiterals(
  input: Uint8Array,
  from: number,
  to: number,
  output: Uint8Array,
  start: number,
): number {
  const count = to - from;
  let target = start;
  output[target++] = Math.min(count, 15) << 4;
  if (count >= 15) target = writeMore(count - 15, output, target);
  if (count > 32) output.set(input.subarray(from, to), target);
  else for (let at = 0; at < count; at += 1) output[target + at] = input[from + at]!;
  return target + count;
}

function writeMore(rest: number, output: Uint8Array, start: number): number {
  let target = start;
  let left = rest;
  for (; left >= 255; left -= 255) output[target++] = 255;
  output[target++] = left;
  return target;
}
