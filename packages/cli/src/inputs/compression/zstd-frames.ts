import { CompressionError } from './compression.js';

/** A part of a frame. */
export interface FramePart {
  readonly bytes: Uint8Array;
  /** True if the frame ends with this part. */
  readonly isLast: boolean;
}

type Field = 'magic' | 'skipped size' | 'descriptor' | 'header' | 'block header';
/** Sections whose bytes are not interpreted here. */
type Stretch = 'skipped' | 'block' | 'checksum';

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const FIELD_BYTES: Readonly<Record<'magic' | 'skipped size' | 'descriptor' | 'block header', number>> = {
  magic: 4,
  'skipped size': 4,
  descriptor: 1,
  'block header': 3,
};
const CHECKSUM_BYTES = 4;
const DICTIONARY_BYTES = [0, 1, 2, 4];
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

/**
 * Splits zstd data into frames without decoding it (RFC 8878): zstd in Node 22 and 24 stops after the first frame and
 * does not detect truncated data. Skippable frames are omitted.
 */
export class ZstdFrames {
  #next: Field | Stretch = 'magic';
  #left: number = FIELD_BYTES.magic;
  /** The bytes of the field received so far. */
  readonly #field: Buffer = Buffer.alloc(16);
  #filled = 0;
  #hasChecksum = false;
  #isLastBlock = false;

  /** True if the data may end here. */
  get isBetweenFrames(): boolean {
    return this.#next === 'magic' && this.#filled === 0;
  }

  /**
   * Yields the parts of frames in these bytes.
   *
   * @throws CompressionError for data that is not a frame
   */
  *split(bytes: Uint8Array): Generator<FramePart> {
    let begin = 0;
    let at = 0;
    while (at < bytes.length) {
      const passes = this.#passes;
      const end = Math.min(bytes.length, at + this.#left);
      if (isField(this.#next))
        this.#filled += Buffer.from(bytes.subarray(at, end)).copy(this.#field, this.#filled);
      this.#left -= end - at;
      at = end;
      if (!passes) begin = at;
      const wasMagic = this.#next === 'magic';
      while (this.#left === 0) {
        if (this.#advance()) {
          yield { bytes: bytes.subarray(begin, at), isLast: true };
          begin = at;
        }
      }
      // Yield a whole magic number, because it may have arrived in pieces.
      if (wasMagic && this.#passes) yield { bytes: magicBytes(), isLast: false };
    }
    if (this.#passes && begin < at) yield { bytes: bytes.subarray(begin, at), isLast: false };
  }

  /** True if the next bytes belong to a frame to decode, except its magic number. */
  get #passes(): boolean {
    return this.#next !== 'magic' && this.#next !== 'skipped size' && this.#next !== 'skipped';
  }

  /** Moves to the next field or section. Returns whether a frame has ended. */
  #advance(): boolean {
    const field = this.#field;
    this.#filled = 0;
    switch (this.#next) {
      case 'magic':
        return this.#begin(field.readUInt32LE(0));
      case 'skipped size':
        return this.#expect('skipped', field.readUInt32LE(0));
      case 'skipped':
        return this.#expect('magic');
      case 'descriptor':
        return this.#expect('header', headerBytes(field[0]!), (field[0]! & 4) !== 0);
      case 'header':
        return this.#expect('block header');
      case 'block header':
        return this.#block(field.readUIntLE(0, 3));
      case 'block':
        if (!this.#isLastBlock) return this.#expect('block header');
        if (this.#hasChecksum) return this.#expect('checksum', CHECKSUM_BYTES);
        this.#expect('magic');
        return true;
      case 'checksum':
        this.#expect('magic');
        return true;
    }
  }

  #expect(next: Field | Stretch, left?: number, hasChecksum: boolean = this.#hasChecksum): false {
    this.#next = next;
    this.#left = left ?? FIELD_BYTES[next as keyof typeof FIELD_BYTES];
    this.#hasChecksum = hasChecksum;
    return false;
  }

  #begin(magic: number): false {
    if (magic === MAGIC) return this.#expect('descriptor');
    if ((magic & 0xffff_fff0) >>> 0 === SKIPPABLE_MAGIC) return this.#expect('skipped size');
    throw new CompressionError('something else follows the zstd data');
  }

  #block(header: number): false {
    const type = (header >> 1) & 3;
    if (type === RESERVED_BLOCK)
      throw new CompressionError('the zstd data is damaged (an unknown kind of block)');
    this.#isLastBlock = (header & 1) !== 0;
    return this.#expect('block', type === RLE_BLOCK ? 1 : header >> 3);
  }
}

function isField(next: Field | Stretch): boolean {
  return next !== 'skipped' && next !== 'block' && next !== 'checksum';
}

function magicBytes(): Uint8Array {
  return Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);
}

/** Returns the length of a frame's header after its descriptor: window, dictionary, content size. */
function headerBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? Number(isSingleSegment) : 2 ** sizeFlag;
  return Number(!isSingleSegment) + DICTIONARY_BYTES[descriptor & 3]! + sizeBytes;
}
