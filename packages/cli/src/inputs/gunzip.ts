import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FormatError } from '@heapray/exporter/pprof';
import { codeOf } from '../errors.js';

const PIECE_BYTES = 2 ** 18;

/** Whether a file that begins with `head` is gzipped. */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/**
 * What gzipped bytes hold, piece by piece, so that no file takes more memory than a piece does.
 * @throws FormatError when the data is damaged, cut off or empty, and what `chunks` throws
 */
export async function* gunzipped(
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  const source = Readable.from(copies(chunks), { objectMode: false });
  source.on('error', (cause) => gunzip.destroy(cause));
  source.pipe(gunzip);
  let isEmpty = true;
  try {
    for await (const piece of gunzip) {
      isEmpty = false;
      yield piece as Uint8Array;
    }
  } catch (cause) {
    throw zlibError(cause);
  } finally {
    source.destroy();
    await chunks.return();
  }
  if (isEmpty) throw new FormatError('pprof', 'the gzipped input is empty');
}

/** A chunk is valid until the next is asked for, which the stream may do before it is through with it. */
async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield new Uint8Array(chunk);
}

function zlibError(cause: unknown): unknown {
  const code = codeOf(cause);
  if (code === undefined || !code.startsWith('Z_')) return cause;
  const reason =
    code === 'Z_BUF_ERROR'
      ? 'the gzip data is cut off'
      : `the gzip data is damaged (${(cause as Error).message})`;
  return new FormatError('pprof', reason, undefined, { cause });
}
