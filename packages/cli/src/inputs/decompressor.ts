import { type Compression, CompressionError } from './compression.js';
import { cutOff, ZlibDecoder } from './zlib-decoder.js';
import { ZstdFrames } from './zstd-frames.js';

/** Undoes a compression as the bytes come. */
export class Decompressor {
  readonly #compression: Compression;
  /** Absent for gzip, whose members Node puts together itself. */
  readonly #frames: ZstdFrames | undefined;
  #decoder: ZlibDecoder | undefined;
  /** Bytes that were decoded. */
  decoded = 0;

  constructor(compression: Compression) {
    this.#compression = compression;
    this.#frames = compression === 'zstd' ? new ZstdFrames() : undefined;
  }

  /**
   * Yields what the next bytes stand for, piece by piece. The bytes must not change before that is through.
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
   * Yields the rest: no more bytes will come.
   * @throws CompressionError when the data is damaged, cut off or empty
   */
  async *end(): AsyncGenerator<Uint8Array, void, undefined> {
    yield* this.#endFrame();
    if (this.#frames?.isBetweenFrames === false) throw cutOff(this.#compression);
    if (this.decoded === 0) throw new CompressionError(`the ${this.#compression} data is empty`);
  }

  /** Gives up what is not taken yet. */
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
 * Yields what compressed bytes stand for. Closes `chunks` at the end.
 * @throws CompressionError when the data is damaged, cut off or empty, and what `chunks` throws
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
