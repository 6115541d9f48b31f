import { gunzipSync } from 'node:zlib';
import { FormatError } from '../wire/errors.js';

/**
 * Returns the bytes, inflated if they are gzipped.
 *
 * @throws FormatError when empty, damaged, truncated, or larger than `maxBytes` (before or after inflating)
 */
export function inflate(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes.length === 0) throw new FormatError('pprof', 'the input is empty');
  if (bytes.length > maxBytes) throw tooLarge(maxBytes);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const inflated = gunzip(bytes, maxBytes);
  if (inflated.length === 0) throw new FormatError('pprof', 'the gzipped input is empty');
  return inflated;
}

function gunzip(bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    const reason =
      code === 'Z_BUF_ERROR' ? 'the gzip data is cut off' : `the gzip data is damaged (${message})`;
    throw new FormatError('pprof', reason, undefined, { cause });
  }
}

function tooLarge(maxBytes: number): FormatError {
  return new FormatError('pprof', `larger than the limit of ${maxBytes} bytes`);
}
