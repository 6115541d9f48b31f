import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { codeOf } from '../../errors.js';
import { type Compression, CompressionError } from './compression.js';

const PIECE_BYTES = 2 ** 18;
/** Maximum number of pieces not yet consumed: decoding waits then, because a few bytes may expand to gigabytes. */
const MAX_WAITING = 4;

/**
 * Decodes gzip data, or one frame of zstd. Holds only a few pieces of 256 KiB at a time, whatever the compression
 * ratio.
 */
export class ZlibDecoder {
  readonly #compression: Compression;
  readonly #stream: Transform;
  readonly #pieces: Uint8Array[] = [];
  #error: unknown;
  #ended = false;
  #wake: () => void = () => {};

  constructor(compression: Compression) {
    this.#compression = compression;
    const options = { chunkSize: PIECE_BYTES };
    this.#stream = compression === 'gzip' ? createGunzip(options) : createZstdDecompress(options);
    this.#stream.on('data', (piece: Uint8Array) => {
      this.#pieces.push(piece);
      if (this.#pieces.length >= MAX_WAITING) this.#stream.pause();
      this.#wake();
    });
    this.#stream.on('error', (error) => {
      this.#error = error;
      this.#wake();
    });
    this.#stream.on('end', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /**
   * Yields the decoded data of the next bytes. The bytes must not change until it ends.
   *
   * @throws CompressionError when the data is damaged
   */
  async *push(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
    let isThrough = false;
    this.#stream.write(bytes, () => {
      isThrough = true;
      this.#wake();
    });
    yield* this.#drain(() => isThrough);
  }

  /**
   * Ends the input, and yields the rest.
   *
   * @throws CompressionError when the data is damaged or truncated
   */
  async *end(): AsyncGenerator<Uint8Array, void, undefined> {
    this.#stream.end();
    yield* this.#drain(() => this.#ended);
  }

  /** Discards data not yet consumed. */
  close(): void {
    this.#stream.destroy();
  }

  async *#drain(isThrough: () => boolean): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        yield piece;
        continue;
      }
      if (this.#error !== undefined) throw this.#damage(this.#error);
      if (isThrough() && this.#stream.readableLength === 0) return;
      const changed = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#stream.resume();
      await changed;
    }
  }

  #damage(cause: unknown): unknown {
    const code = codeOf(cause);
    if (code === undefined || !/^(?:Z_|ZSTD_)/.test(code)) return cause;
    if (code === 'Z_BUF_ERROR') return cutOff(this.#compression, cause);
    if (code === 'ZSTD_error_frameParameter_windowTooLarge') {
      const what = 'the zstd data needs a window of more than 128 MiB; pipe it in';
      return new CompressionError(`${what}: zstd -dc --long=31 FILE | heapray ... -`, { cause });
    }
    const { message } = cause as Error;
    return new CompressionError(`the ${this.#compression} data is damaged (${message})`, { cause });
  }
}

/** Returns the error for truncated data. */
export function cutOff(compression: Compression, cause?: unknown): CompressionError {
  return new CompressionError(`the ${compression} data is cut off`, { cause });
}
