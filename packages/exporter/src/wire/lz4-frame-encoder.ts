import { ByteWriter } from './byte-writer.js';
import { Lz4BlockEncoder, maxLz4BlockBytes } from './lz4-block-encoder.js';
import { LZ4_MAGIC } from './lz4-frame.js';
import { XxHash32 } from './xxhash32.js';

/** Maximum block size stated in the header of a frame, and so the limit for {@link Lz4FrameEncoder.block}. */
export const LZ4_BLOCK_BYTES: number = 1 << 20;
/** Flags of a frame: version 01, independent blocks, no checksums, no content size. */
const FLAGS = 0x60;
/** Code of the maximum block size: 6 = 1 MiB. */
const BLOCK_MAXIMUM = 0x60;
const STORED_BIT = 0x8000_0000;
/** Number of bytes of the size before each block. */
const SIZE_BYTES = 4;

/**
 * Writes one LZ4 frame block by block.
 *
 * Written by hand because no npm package writes a frame piece by piece (examined: lz4js 0.2.0, lz4-napi 2.10.0,
 * lz4-wasm-nodejs 0.9.2): a capture of 1 GiB would need twice that memory. Also, lz4-napi needs a native binary for
 * each platform, and lz4js is not an ES module.
 */
export class Lz4FrameEncoder {
  readonly #blocks: Lz4BlockEncoder = new Lz4BlockEncoder();
  /** Allocated on first use, because captures wait in a queue to be compressed. */
  #output: Uint8Array = new Uint8Array();

  /** Returns the start of a frame. */
  header(): Uint8Array {
    const descriptor = Uint8Array.of(FLAGS, BLOCK_MAXIMUM);
    const out = new ByteWriter();
    out.u32(LZ4_MAGIC);
    out.bytes(descriptor);
    out.u8((XxHash32.of(descriptor) >>> 8) & 0xff);
    return out.take();
  }

  /**
   * Returns the next block, for a piece of the content of 1 to {@link LZ4_BLOCK_BYTES} bytes. The result is valid until
   * the next call.
   */
  block(content: Uint8Array): Uint8Array {
    const room = SIZE_BYTES + maxLz4BlockBytes(content.length);
    if (this.#output.length < room) this.#output = new Uint8Array(room);
    const output = this.#output;
    const data = output.subarray(SIZE_BYTES);
    const length = this.#blocks.encode(content, data);
    const stored = length >= content.length;
    if (stored) data.set(content);
    const size = stored ? content.length : length;
    const word = stored ? (size | STORED_BIT) >>> 0 : size;
    new DataView(output.buffer).setUint32(0, word, true);
    return output.subarray(0, SIZE_BYTES + size);
  }

  /** Returns the end of a frame. */
  end(): Uint8Array {
    return new Uint8Array(4);
  }
}
