import { ByteReader, MalformedNumberError } from '../../wire/byte-reader.js';
import { FormatError } from '../../wire/errors.js';
import { MAGIC, type MemrayHeader } from '../format/header.js';
import { RecordDamage, type RecordHandler } from '../format/record-handler.js';
import { type CaptureRest, CaptureRestFinder, LZ4_MAGIC_BYTES } from './capture-rest.js';
import { CaptureContainer } from './container.js';
import { AggregatedDecoder } from './read-aggregated.js';
import { readHeader } from './read-header.js';
import { RecordDecoder12 } from './read-records.js';
import { RecordDecoder11 } from './read-records-11.js';
import type { RecordDecoder } from './record-decoder.js';

/** Maximum size of a decoded capture in bytes: bounds the work that an LZ4 bomb can cause. */
export const DEFAULT_MAX_BYTES: number = 2 ** 40;
/** Maximum size of a record: longer than any name, line table or header. Bounds the memory for an incomplete record. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** Position and reason of an early end of reading. The data before is valid. */
export interface CaptureDamage {
  /** Offset in bytes from the start of the capture; in the compressed file if `compressed`. */
  readonly offset: number;
  /** True if the compressed container of the capture is damaged. */
  readonly compressed: boolean;
  readonly reason: string;
}

/** State of a capture after all its bytes were read. */
export interface CaptureEnd {
  readonly header: MemrayHeader;
  /**
   * True if the capture was finished properly. Otherwise its program is running or was killed, or the file was
   * truncated.
   */
  readonly complete: boolean;
  /** Undefined if there is none. A capture may be incomplete without damage: when it ends between two records. */
  readonly damage: CaptureDamage | undefined;
  /** Data in the file after the capture. Undefined if there are only zeros, and for an incomplete capture. */
  readonly rest: CaptureRest | undefined;
}

export interface RecordStreamOptions {
  /** Maximum size of the decoded capture in bytes. Default 1 TiB. */
  readonly maxBytes?: number;
  /**
   * Receives the bytes of whole records, uncompressed, after the handler has received them. Valid during the call only.
   */
  readonly onRecords?: (bytes: Uint8Array) => void;
}

/**
 * Reads a capture of any format as its bytes arrive, and passes its records to a handler.
 *
 * Damage ends the reading and is reported by {@link end}; the data before it counts, as in memray. Only an incomplete
 * record is kept in memory.
 */
export class RecordStream {
  readonly #handler: RecordHandler;
  readonly #maxBytes: number;
  readonly #onRecords: ((bytes: Uint8Array) => void) | undefined;
  readonly #container: CaptureContainer = new CaptureContainer(
    (bytes) => this.#decoded(bytes),
    (bytes) => this.#behindFrames.push(bytes),
  );
  readonly #behindTrailer: CaptureRestFinder = new CaptureRestFinder();
  readonly #behindFrames: CaptureRestFinder = new CaptureRestFinder();
  readonly #reader: ByteReader = new ByteReader();
  #header: MemrayHeader | undefined;
  #decoder: RecordDecoder | undefined;
  #damage: CaptureDamage | undefined;
  #ended = false;

  constructor(handler: RecordHandler, options: RecordStreamOptions = {}) {
    this.#handler = handler;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#onRecords = options.onRecords;
  }

  /** Undefined until the header was read. */
  get header(): MemrayHeader | undefined {
    return this.#header;
  }

  /** True if no more bytes are needed: the trailer was read, or damage was found. */
  get stopped(): boolean {
    return this.#damage !== undefined || this.complete;
  }

  /** True if more bytes would change no result: {@link stopped}, and the data after the trailer, if any, is known. */
  get settled(): boolean {
    if (this.#damage !== undefined) return true;
    return this.complete && (this.#behindTrailer.isKnown || this.#behindFrames.isKnown);
  }

  /** True if the trailer was read. */
  get complete(): boolean {
    return this.#decoder?.finished === true;
  }

  /** The reason why reading stopped early. */
  get damage(): CaptureDamage | undefined {
    return this.#damage;
  }

  /** Offset of the next record, in bytes from the start of the capture (uncompressed). */
  get offset(): number {
    return this.#reader.offset;
  }

  /**
   * Reads the next bytes.
   *
   * @throws FormatError when this is not a supported capture, or it exceeds a limit
   */
  push(bytes: Uint8Array): void {
    if (this.settled || this.#ended) return;
    this.#tolerating(() => this.#container.push(bytes));
  }

  /**
   * Drops the bytes of incomplete records, and damage found in them: they were read while they were being written.
   * Returns the offset from which bytes must be pushed again. Only for a raw capture that is pushed without the zeros
   * at its end.
   */
  rewind(): number {
    this.#damage = undefined;
    this.#reader.end = this.#reader.position;
    return this.#reader.offset;
  }

  /**
   * Ends the input.
   *
   * @throws FormatError when the header is incomplete
   */
  end(): CaptureEnd {
    if (!this.#ended && !this.settled) this.#tolerating(() => this.#container.end());
    this.#ended = true;
    if (this.#header === undefined) {
      const { offset, available } = this.#reader;
      throw new FormatError('memray', 'the header is cut', offset + available);
    }
    if (!this.stopped && this.#reader.available > 0) this.#damage = this.#cutRecord();
    return { header: this.#header, complete: this.complete, damage: this.#damage, rest: this.#rest() };
  }

  #rest(): CaptureRest | undefined {
    if (!this.complete) return undefined;
    return (
      this.#behindTrailer.rest(this.#reader.offset, false) ??
      this.#behindFrames.rest(this.#container.restOffset, true)
    );
  }

  #decoded(bytes: Uint8Array): void {
    const reader = this.#reader;
    if (this.complete) this.#behindTrailer.push(bytes);
    if (this.stopped) return;
    reader.push(bytes);
    if (reader.offset + reader.available > this.#maxBytes) {
      throw new FormatError('memray', `more than ${this.#maxBytes} bytes (maxBytes)`, this.#maxBytes);
    }
    if (this.#decoder === undefined) this.#begin();
    this.#decodeRecords();
    if (this.complete) this.#behindTrailer.push(reader.bytes.subarray(reader.position, reader.end));
    if (!this.complete && reader.available > MAX_RECORD_BYTES) {
      throw new FormatError('memray', `a record of more than ${MAX_RECORD_BYTES} bytes`, reader.offset);
    }
  }

  #begin(): void {
    const header = readHeader(this.#reader);
    if (header === undefined) return;
    this.#header = header;
    this.#decoder = decoderFor(this.#reader, this.#handler, header);
    this.#handler.header(header);
  }

  #decodeRecords(): void {
    const reader = this.#reader;
    const start = reader.position;
    try {
      this.#decoder?.decode();
    } catch (error) {
      if (!(error instanceof RecordDamage) && !(error instanceof MalformedNumberError)) throw error;
      this.#damage = this.#nextCapture() ?? {
        offset: reader.offset,
        compressed: false,
        reason: error.message,
      };
    }
    // Also before damage: the reader is then at the end of the last complete record.
    if (this.#decoder !== undefined) this.#onRecords?.(reader.bytes.subarray(start, reader.position));
  }

  /**
   * Returns damage if another capture starts where a record should: the first one has no end. The bytes of its magic
   * before the NUL can be read as valid records, so look back.
   */
  #nextCapture(): CaptureDamage | undefined {
    const { bytes, position, end, offset } = this.#reader;
    const reason = 'another capture begins here';
    const isAt = (start: number, magic: readonly number[]): boolean =>
      start + magic.length <= end && magic.every((byte, at) => bytes[start + at] === byte);
    if (isAt(position, LZ4_MAGIC_BYTES)) return { offset, compressed: false, reason };
    for (let back = 0; back < MAGIC.length && back <= position; back += 1) {
      if (isAt(position - back, MAGIC)) return { offset: offset - back, compressed: false, reason };
    }
    return undefined;
  }

  /** Calls `read`. Treats damage in the compression as damage of the capture, once there is a header. */
  #tolerating(read: () => void): void {
    try {
      read();
    } catch (error) {
      const lz4 = error instanceof FormatError && error.format === 'lz4';
      if (!lz4 || this.#header === undefined) throw error;
      if (!this.stopped) this.#damage = { offset: error.offset ?? 0, compressed: true, reason: error.reason };
    }
  }

  #cutRecord(): CaptureDamage {
    const reader = this.#reader;
    const name = this.#decoder?.nameOf(reader.bytes[reader.position]!) ?? 'unknown';
    const reason = `the file ends inside a record (${name}), after ${reader.available} bytes of it`;
    return { offset: reader.offset, compressed: false, reason };
  }
}

function decoderFor(reader: ByteReader, handler: RecordHandler, header: MemrayHeader): RecordDecoder {
  if (header.fileFormat === 'AGGREGATED_ALLOCATIONS') return new AggregatedDecoder(reader, handler, header);
  if (header.format === 11) return new RecordDecoder11(reader, handler);
  return new RecordDecoder12(reader, handler, header);
}
