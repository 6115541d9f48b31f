const MIN_MATCH = 4;
/** Below this a loop is faster than a call. */
const LONG_COPY = 24;

export type BlockEnd =
  /** All input became output. */
  | 'complete'
  /** The input stops in the middle of a sequence. */
  | 'cut'
  /** A match reaches back to before `historyStart`. */
  | 'bad-match'
  /** There is more output than `limit` allows. */
  | 'too-long';

export interface BlockResult {
  /** Where the output ends. */
  at: number;
  end: BlockEnd;
}

/**
 * Decodes one LZ4 block, `input[from … to)`, into `output` from `at` on. Matches may reach back to
 * `historyStart`, output may go up to `limit`. Whatever goes wrong, what comes before it is there:
 *
 *     token  llll mmmm   l literals (15 = more length bytes follow, each 255 one more), then the literals,
 *     u16    offset      then where the match is, that many bytes back; the last sequence has no match
 *            mmmm + 4    bytes to copy from there (15 = more length bytes follow)
 */
export function decodeLz4Block(
  input: Uint8Array,
  from: number,
  to: number,
  output: Uint8Array,
  at: number,
  historyStart: number,
  limit: number,
): BlockResult {
  let source = from;
  let target = at;
  while (source < to) {
    const token = input[source++]!;

    let literals = token >>> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255 && source < to) {
        more = input[source++]!;
        literals += more;
      }
      if (more === 255) return { at: target, end: 'cut' };
    }
    const cut = source + literals > to;
    if (cut) literals = to - source;
    if (target + literals > limit) return { at: target, end: 'too-long' };
    if (literals > LONG_COPY) {
      output.set(input.subarray(source, source + literals), target);
      target += literals;
      source += literals;
    } else {
      for (const end = source + literals; source < end; ) output[target++] = input[source++]!;
    }
    if (cut) return { at: target, end: 'cut' };
    if (source === to) return { at: target, end: 'complete' };

    if (source + 2 > to) return { at: target, end: 'cut' };
    const offset = input[source]! | (input[source + 1]! << 8);
    source += 2;
    let length = (token & 15) + MIN_MATCH;
    if (length === 15 + MIN_MATCH) {
      let more = 255;
      while (more === 255 && source < to) {
        more = input[source++]!;
        length += more;
      }
      if (more === 255) return { at: target, end: 'cut' };
    }
    if (offset === 0 || target - offset < historyStart) return { at: target, end: 'bad-match' };
    if (target + length > limit) return { at: target, end: 'too-long' };
    if (length > LONG_COPY && offset >= length) {
      output.copyWithin(target, target - offset, target - offset + length);
      target += length;
    } else {
      // Byte by byte, because a match may overlap what it makes: that is how runs are written.
      for (const end = target + length; target < end; target += 1) output[target] = output[target - offset]!;
    }
  }
  // A block ends with literals: one that ends with a match has lost something.
  return { at: target, end: 'cut' };
}
