import { ByteReader } from './byte-reader.js';
import { FormatError } from './errors.js';
import { type BlockEnd, decodeLz4Block } from './lz4-block.js';
import { XxHash32 } from './xxhash32.js';

/** The first four bytes of an LZ4 frame, as a little-endian word. */
export const LZ4_MAGIC = 0x184d2204;
const SKIPPABLE_MAGIC = 0x184d2a50;
const HISTORY = 64 * 1024;
const STORED_BIT = 0x8000_0000;
const FLAG = { DICTIONARY: 0x01, CONTENT_CHECKSUM: 0x04, CONTENT_SIZE: 0x08, BLOCK_CHECKSUM: 0x10 };

type State = 'magic' | 'header' | 'block' | 'content-checksum' | 'skip' | 'done';

/**
 * Decodes LZ4 frames as a stream.
 *
 * Written by hand because the npm packages tried (lz4js 0.2.0, lz4-napi 2.10.0) do not decode a stream. They need the
 * whole file in memory, stop silently after the first of several frames, and return nothing for a truncated file or do
 * not report the truncation. They are not faster either.
 *
 * Supports linked and independent blocks of all sizes, stored blocks, all checksums, several frames, and skippable
 * frames. Does not support dictionaries. Other data after the last frame is ignored, as in memray.
 */
export class Lz4FrameDecoder {
  readonly #onData: (bytes: Uint8Array) => void;
  readonly #onRest: (bytes: Uint8Array) => void;
  /** Offset of the data after the last frame. */
  #restOffset = 0;
  readonly #input: ByteReader = new ByteReader();
  #state: State = 'magic';
  #frames = 0;
  #skip = 0;

  #flags = 0;
  #blockMax = 0;
  #output: Uint8Array = new Uint8Array();
  #at = 0;
  #contentSize = -1;
  #written = 0;
  #contentHash: XxHash32 = new XxHash32();

  /**
   * Creates a decoder. A piece of data is valid only during the call.
   *
   * @param onData receives the decoded bytes piece by piece
   * @param onRest receives data after the last frame that is not a frame
   */
  constructor(onData: (bytes: Uint8Array) => void, onRest: (bytes: Uint8Array) => void = () => {}) {
    this.#onData = onData;
    this.#onRest = onRest;
  }

  /** Offset of the data given to `onRest`, in bytes from the start. */
  get restOffset(): number {
    return this.#restOffset;
  }

  /**
   * Decodes all available data.
   *
   * @throws FormatError when the data is damaged; `onData` has received everything before
   */
  push(bytes: Uint8Array): void {
    if (this.#state === 'done') return this.#onRest(bytes);
    this.#input.push(bytes);
    while (this.#step());
  }

  /**
   * Ends the input. A truncated block is decoded as far as possible.
   *
   * @throws FormatError when the end of the last frame is missing
   */
  end(): void {
    const { offset, available } = this.#input;
    if (this.#state === 'done') return;
    if (this.#state === 'magic' && this.#frames > 0) return this.#endBehindFrames();
    if (this.#state === 'block' && available > 4) this.#partialBlock();
    throw damaged('the last LZ4 frame is cut', offset + available);
  }

  /** Passes on bytes after the last frame that are too few for another frame. */
  #endBehindFrames(): void {
    const { bytes, position, end, offset, available } = this.#input;
    if (available === 0) return;
    this.#state = 'done';
    this.#restOffset = offset;
    this.#onRest(bytes.subarray(position, end));
  }

  /** Decodes one part. Returns false when it needs more input. */
  #step(): boolean {
    switch (this.#state) {
      case 'magic':
        return this.#magic();
      case 'header':
        return this.#header();
      case 'block':
        return this.#block();
      case 'content-checksum':
        return this.#contentChecksum();
      case 'skip':
        return this.#skipFrame();
      case 'done':
        return false;
    }
  }

  #magic(): boolean {
    const input = this.#input;
    if (input.available < 8) return false; // shorter than any frame: wait, or ignore it at the end
    const magic = input.u32();
    if (magic === LZ4_MAGIC) {
      this.#state = 'header';
    } else if ((magic & 0xffff_fff0) >>> 0 === SKIPPABLE_MAGIC) {
      this.#skip = input.u32();
      this.#state = 'skip';
    } else {
      if (this.#frames === 0) throw damaged('no LZ4 frame', input.offset - 4);
      this.#state = 'done';
      this.#restOffset = input.offset - 4;
      this.#onRest(input.bytes.subarray(input.position - 4, input.end));
    }
    return true;
  }

  //  FLG 01ibscrd  version, independent blocks, block checksum, content size, content checksum, dictionary
  //  BD  rmmmrrrr  block maximum 4 = 64 KiB … 7 = 4 MiB
  //  [u64 content size] [u32 dictionary] u8 second byte of the xxHash32 of all this
  #header(): boolean {
    const input = this.#input;
    const flags = input.bytes[input.position]!;
    const hasSize = (flags & FLAG.CONTENT_SIZE) !== 0;
    const length = 2 + (hasSize ? 8 : 0) + (flags & FLAG.DICTIONARY ? 4 : 0);
    if (input.available < length + 1) return false;
    const start = input.position;
    const descriptor = input.bytes.subarray(start, start + length);
    const size = (descriptor[1]! >>> 4) & 7;
    if (flags >>> 6 !== 1 || size < 4) throw damaged('an LZ4 frame of an unknown kind', input.offset);
    if (flags & FLAG.DICTIONARY) throw damaged('an LZ4 frame that needs a dictionary', input.offset);
    if (((XxHash32.of(descriptor) >>> 8) & 0xff) !== input.bytes[start + length]) {
      throw damaged('the header of an LZ4 frame does not match its checksum', input.offset);
    }
    input.position = start + 2;
    this.#contentSize = hasSize ? input.u64() : -1;
    input.position = start + length + 1;
    this.#startFrame(flags, 1 << (8 + 2 * size));
    return true;
  }

  #startFrame(flags: number, blockMax: number): void {
    this.#frames += 1;
    this.#flags = flags;
    this.#blockMax = blockMax;
    this.#at = 0;
    this.#written = 0;
    this.#contentHash = new XxHash32();
    if (this.#output.length < HISTORY * 2 + blockMax) this.#output = new Uint8Array(HISTORY * 2 + blockMax);
    this.#state = 'block';
  }

  // Format of a block: u32 size, top bit: stored; then the data; [u32 xxHash32 of the data]. A size of 0 ends the
  // frame.
  #block(): boolean {
    const input = this.#input;
    if (input.available < 4) return false;
    const start = input.position;
    const word = input.u32();
    if (word === 0) {
      this.#state = 'content-checksum';
      return true;
    }
    const size = (word & ~STORED_BIT) >>> 0;
    if (size > this.#blockMax) throw damaged('an LZ4 block that is too large', input.offset - 4);
    if (input.available < size + (this.#flags & FLAG.BLOCK_CHECKSUM ? 4 : 0)) {
      input.position = start;
      return false;
    }
    const from = input.position;
    input.position = from + size;
    if (this.#flags & FLAG.BLOCK_CHECKSUM) {
      const hash = XxHash32.of(input.bytes.subarray(from, from + size));
      if (input.u32() !== hash)
        throw damaged('an LZ4 block does not match its checksum', input.offset - 4 - size);
    }
    const end = this.#decode(from, from + size, (word & STORED_BIT) !== 0);
    if (end !== 'complete') throw damaged(`an LZ4 block is damaged (${end})`, input.offset);
    return true;
  }

  #partialBlock(): void {
    const input = this.#input;
    const stored = (input.u32() & STORED_BIT) !== 0;
    this.#decode(input.position, Math.min(input.end, input.position + this.#blockMax), stored);
  }

  #decode(from: number, to: number, stored: boolean): BlockEnd {
    const input = this.#input.bytes;
    const output = this.#output;
    if (this.#at + this.#blockMax > output.length) {
      output.copyWithin(0, this.#at - HISTORY, this.#at);
      this.#at = HISTORY;
    }
    const at = this.#at;
    let end: BlockEnd = 'complete';
    if (stored) {
      output.set(input.subarray(from, to), at);
      this.#at = at + to - from;
    } else {
      const result = decodeLz4Block(input, from, to, output, at, 0, at + this.#blockMax);
      this.#at = result.at;
      end = result.end;
    }
    const data = output.subarray(at, this.#at);
    this.#written += data.length;
    if (this.#flags & FLAG.CONTENT_CHECKSUM) this.#contentHash.update(data);
    if (data.length > 0) this.#onData(data);
    return end;
  }

  #contentChecksum(): boolean {
    const input = this.#input;
    if (this.#flags & FLAG.CONTENT_CHECKSUM) {
      if (input.available < 4) return false;
      if (input.u32() !== this.#contentHash.digest()) {
        throw damaged('an LZ4 frame does not match its checksum', input.offset - 4);
      }
    }
    if (this.#contentSize >= 0 && this.#contentSize !== this.#written) {
      throw damaged('an LZ4 frame does not have the size it states', input.offset);
    }
    this.#state = 'magic';
    return true;
  }

  #skipFrame(): boolean {
    const input = this.#input;
    const skipped = Math.min(this.#skip, input.available);
    input.position += skipped;
    this.#skip -= skipped;
    if (this.#skip > 0) return false;
    this.#state = 'magic';
    return true;
  }
}

function damaged(reason: string, offset: number): FormatError {
  return new FormatError('lz4', reason, offset);
}
