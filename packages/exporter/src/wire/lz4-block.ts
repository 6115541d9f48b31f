const MIN_MATCH = 4;
/** Copies shorter than this are faster in a loop than with a call. */
const LONG_COPY = 24;

export type BlockEnd =
  /** The whole input was decoded. */
  | 'complete'
  /** The input ends in the middle of a sequence. */
  | 'cut'
  /** A match starts before `historyStart`. */
  | 'bad-match'
  /** The output exceeds `limit`. */
  | 'too-long';

export interface BlockResult {
  /** End of the output. */
  at: number;
  end: BlockEnd;
}

/**
 * Decodes one LZ4 block, `input[from … to)`, into `output`, starting at `at`. Matches may start at `historyStart` or
 * later, and output may end at `limit`. After an error, the output up to it is valid. The format is a list of
 * sequences:
 *
 *     token  llll mmmm   l literals (15 = more length bytes follow, each 255 one more), then the literals,
 *     u16    offset      then the distance to the match, in bytes back; the last sequence has no match
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
      // Copy byte by byte, because a match may overlap its own output: runs are encoded like this.
      for (const end = target + length; target < end; target += 1) output[target] = output[target - offset]!;
    }
  }
  // A block ends with literals: one that ends with a match is truncated.
  return { at: target, end: 'cut' };
}
