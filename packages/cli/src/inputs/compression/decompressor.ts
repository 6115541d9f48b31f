import { type Compression, CompressionError } from './compression.js';
import { cutOff, ZlibDecoder } from './zlib-decoder.js';
import { ZstdFrames } from './zstd-frames.js';

/** Decompresses data as the bytes arrive. */
export class Decompressor {
  readonly #compression: Compression;
  /** Undefined for gzip: Node joins its members itself. */
  readonly #frames: ZstdFrames | undefined;
  #decoder: ZlibDecoder | undefined;
  /** Number of decompressed bytes so far. */
  decoded = 0;

  constructor(compression: Compression) {
    this.#compression = compression;
    this.#frames = compression === 'zstd' ? new ZstdFrames() : undefined;
  }

  /**
   * Yields the decompressed data of the next bytes, piece by piece. The bytes must not change until it ends.
   *
   * @throws CompressionError when the data is damaged
   */
  async *push(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#frames === undefined) return yield* this.#counted(this.#current().push(bytes));
    for (const part of this.#frames.split(bytes)) {
      yield* this.#counted(this.#current().push(part.bytes));
      if (part.isLast) yield* this.#endFrame();
    }
  }

  /**
   * Ends the input, and yields the rest.
   *
   * @throws CompressionError when the data is damaged, truncated or empty
   */
  async *end(): AsyncGenerator<Uint8Array, void, undefined> {
    yield* this.#endFrame();
    if (this.#frames?.isBetweenFrames === false) throw cutOff(this.#compression);
    if (this.decoded === 0) throw new CompressionError(`the ${this.#compression} data is empty`);
  }

  /** Discards data not yet consumed. */
  close(): void {
    this.#decoder?.close();
  }

  #current(): ZlibDecoder {
    this.#decoder ??= new ZlibDecoder(this.#compression);
    return this.#decoder;
  }

  async *#endFrame(): AsyncGenerator<Uint8Array, void, undefined> {
    const decoder = this.#decoder;
    if (decoder === undefined) return;
    yield* this.#counted(decoder.end());
    decoder.close();
    this.#decoder = undefined;
  }

  async *#counted(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of pieces) {
      this.decoded += piece.length;
      yield piece;
    }
  }
}

/**
 * Yields the decompressed data of `chunks`, and closes `chunks` at the end.
 *
 * @throws CompressionError when the data is damaged, truncated or empty, and the errors of `chunks`
 */
export async function* decompressed(
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  compression: Compression,
): AsyncGenerator<Uint8Array, void, undefined> {
  const decompressor = new Decompressor(compression);
  try {
    for await (const chunk of chunks) yield* decompressor.push(chunk);
    yield* decompressor.end();
  } finally {
    decompressor.close();
    await chunks.return();
  }
}
