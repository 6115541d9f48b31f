import type { Profile } from '../profile/index.js';
import { inflate } from './inflate.js';
import { DEFAULT_MAX_BYTES, type PprofLimits } from './limits.js';
import { PprofDecoder } from './pprof-decoder.js';

const PIECE_BYTES = 2 ** 20;

/**
 * Reads a pprof profile of any writer, gzipped or not. Inlined lines become separate frames. Code without symbols is
 * named by its address (in its file, if known), and the frame keeps the address. Values beyond 2^53 are rounded to the
 * nearest number.
 *
 * @throws FormatError with a one-line reason and the byte offset (after inflating)
 */
export function decodePprof(bytes: Uint8Array, limits: PprofLimits = {}): Profile {
  const inflated = inflate(bytes, limits.maxBytes ?? DEFAULT_MAX_BYTES);
  const decoder = new PprofDecoder(limits);
  for (let at = 0; at < inflated.length; at += PIECE_BYTES)
    decoder.push(inflated.subarray(at, at + PIECE_BYTES));
  return decoder.end();
}
