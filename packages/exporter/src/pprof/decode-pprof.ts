import type { Profile } from '../profile/index.js';
import { inflate } from './inflate.js';
import { DEFAULT_MAX_BYTES, PprofDecoder } from './pprof-decoder.js';

/** What a reader accepts before it gives up; memory use follows these. */
export interface PprofLimits {
  /** Most bytes, after inflating too; 256 MiB when absent. */
  readonly maxBytes?: number | undefined;
  /**
   * Most samples, stacks, labels, locations, lines, functions and strings together, equal samples, stacks and sets of
   * labels counted once; 2^23 when absent.
   */
  readonly maxEntries?: number | undefined;
}

const PIECE_BYTES = 2 ** 20;

/**
 * Reads a pprof profile, gzipped or not, whoever wrote it. Lines that were
 * inlined become frames of their own, code without symbols is named by its
 * address (in its file, where that is known) and keeps it, and values beyond 2^53 come out as the nearest number.
 * @throws FormatError with one line that says what is wrong and at which byte (after inflating)
 */
export function decodePprof(bytes: Uint8Array, limits: PprofLimits = {}): Profile {
  const inflated = inflate(bytes, limits.maxBytes ?? DEFAULT_MAX_BYTES);
  const decoder = new PprofDecoder(limits);
  for (let at = 0; at < inflated.length; at += PIECE_BYTES)
    decoder.push(inflated.subarray(at, at + PIECE_BYTES));
  return decoder.end();
}
