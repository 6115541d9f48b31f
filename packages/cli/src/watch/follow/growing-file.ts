import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { FormatError, type GrowingCapture } from '@heapray/exporter/memray';
import { compressionOf } from '../../inputs/compression/compression.js';

/**
 * The last bytes before the newest one are only used after they have been there for a whole poll. The program writes
 * through shared memory, so parts of a copy may become visible before others.
 */
const UNSETTLED_BYTES = 4 * 1024;
/** Size of the first read of a poll beyond the known data. It doubles while there is data. */
const FIRST_READ_BYTES = 8 * 1024;
const MAX_READ_BYTES = 256 * 1024;
/** More zeros than a record can end with. */
const MANY_ZEROS = 256;
/**
 * Number of first bytes that identify a capture when another one replaces it in the same file: from the magic number to
 * (most of) the start time.
 */
const HEAD_BYTES = 37;
/** Offset of the format in these bytes. */
const FORMAT = 7;
const LZ4_MAGIC = 0x184d2204;
/** First bytes of a capture: raw or compressed. */
const MAGICS: readonly Buffer[] = [
  Buffer.from('memray\0', 'latin1'),
  Buffer.from('\x04\x22\x4d\x18', 'latin1'),
];
/** Number of polls after which damage is final. Before that, it may be a write in progress. */
const POLLS_TO_BELIEVE_DAMAGE = 3;

export interface FeedOptions {
  /** True if no process writes any more, so that all data can be used as it is. */
  readonly final: boolean;
  /** Number of bytes after which reading pauses. Ignored for a raw file when `final`. */
  readonly maxBytes: number;
  /** Called after each piece of the file was passed on, at most 256 KiB. */
  readonly onFed?: () => void;
}

/**
 * Reads new data of a capture that may still be written, and passes it to a {@link GrowingCapture}. Each byte is read
 * once, except a few kilobytes at the end. Zeros at the end of a raw file are preallocated, and the last record may be
 * incomplete: both are read again from the start of that record.
 */
export class GrowingFile {
  readonly #handle: FileHandle;
  readonly #buffer: Buffer;
  #compressed = false;
  #head: Buffer = Buffer.alloc(0);
  /** Number of bytes of a compressed file passed on. */
  #fed = 0;
  /** End of the data in the previous poll. */
  #seenEnd = 0;
  #damageOffset = -1;
  #damagePolls = 0;
  /** Total number of bytes read from the system. */
  bytesRead = 0;
  /** Size of the file, including preallocated space. */
  size = 0;
  /** End of the data seen so far. */
  dataBytes = 0;
  /** True if some data was not passed on yet, because it may be incomplete. */
  unsettled = false;
  /** True if there was more data than one poll reads. */
  hasUnread = false;

  private constructor(handle: FileHandle, buffer: Buffer) {
    this.#handle = handle;
    this.#buffer = buffer;
  }

  /**
   * Opens a file.
   *
   * @param buffer from {@link readBuffer}; files that are read one after another may share it
   * @throws the file system's error, or an Error if this is not a regular file
   */
  static async open(path: string, buffer: Buffer): Promise<GrowingFile> {
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const file = new GrowingFile(handle, buffer);
    const stats = await handle.stat();
    if (stats.isFile()) return file;
    await handle.close();
    if (stats.isFIFO()) throw new Error('is a pipe, and watch follows files; heapray stats reads pipes');
    throw new Error(stats.isDirectory() ? 'is a directory' : 'is not a regular file');
  }

  stat(): Promise<Stats> {
    return this.#handle.stat();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  get compressed(): boolean {
    return this.#compressed;
  }

  /** Returns whether the file was truncated, or contains another capture now. */
  async wasRewritten(capture: GrowingCapture): Promise<boolean> {
    const { size } = await this.stat();
    if (size < (this.#compressed ? this.#fed : capture.offset)) return true;
    if (this.#head.length < HEAD_BYTES) return false;
    const head = await this.#readHead();
    clearCounts(head);
    return !head.equals(this.#head);
  }

  /**
   * Reads new data and passes it on. Resolves to whether there was any.
   *
   * @throws FormatError when this is not a supported capture, or it exceeds a limit
   */
  async feed(capture: GrowingCapture, { final, maxBytes, onFed = () => {} }: FeedOptions): Promise<boolean> {
    const { size } = await this.stat();
    this.size = size;
    if (!(await this.#begin())) return false;
    const before = this.dataBytes;
    this.hasUnread = false;
    this.unsettled = false;
    if (this.#compressed) await this.#feedCompressed(capture, maxBytes, onFed);
    else await this.#feedRaw(capture, final, maxBytes, onFed);
    return this.dataBytes > before;
  }

  async #begin(): Promise<boolean> {
    if (this.#head.length === HEAD_BYTES) return true;
    const head = await this.#readHead();
    if (head.length < HEAD_BYTES) {
      this.dataBytes = lengthWithoutZeros(head);
      requireMagic(head.subarray(0, this.dataBytes));
      return false;
    }
    refuseCompressed(head);
    this.#compressed = head.readUInt32LE() === LZ4_MAGIC;
    clearCounts(head);
    // The start time is written with the rest of the header: without it, the file has no data yet.
    if (!this.#compressed && head.every((byte) => byte === 0)) return false;
    this.#head = head;
    return true;
  }

  async #feedRaw(
    capture: GrowingCapture,
    final: boolean,
    maxBytes: number,
    onFed: () => void,
  ): Promise<void> {
    const settledEnd = this.#seenEnd;
    const start = capture.rewind();
    let position = start;
    let length = Math.max(FIRST_READ_BYTES, settledEnd - start + FIRST_READ_BYTES);
    for (; ; length *= 2) {
      const wanted = Math.min(length, MAX_READ_BYTES);
      const chunk = await this.#read(position, wanted);
      const dataLength = lengthWithoutZeros(chunk);
      // Only zeros: preallocated space, which may be long.
      if (dataLength === 0) break;
      const dataEnd = position + dataLength;
      this.dataBytes = Math.max(this.dataBytes, dataEnd);
      const settled = final ? dataEnd : Math.max(Math.min(settledEnd, dataEnd), dataEnd - UNSETTLED_BYTES);
      this.unsettled = settled < dataEnd;
      const take = lengthWithoutZeros(chunk.subarray(0, Math.max(0, settled - position)));
      if (take === 0 || position + take < HEAD_BYTES) break;
      capture.push(chunk.subarray(0, take));
      onFed();
      position += take;
      if (capture.damage && this.#doubts(capture, final)) break;
      const zeros = chunk.length - dataLength;
      this.hasUnread = !final && position - start > maxBytes;
      if (capture.complete || capture.damage || chunk.length < wanted) break;
      if (this.hasUnread || (!final && zeros > MANY_ZEROS)) break;
    }
    this.#seenEnd = this.dataBytes;
  }

  /** Returns whether damage may be a write in progress. It becomes final if it is still there after several polls. */
  #doubts(capture: GrowingCapture, final: boolean): boolean {
    this.#damagePolls = this.#damageOffset === capture.offset ? this.#damagePolls + 1 : 1;
    this.#damageOffset = capture.offset;
    if (final || this.#damagePolls >= POLLS_TO_BELIEVE_DAMAGE) return false;
    capture.rewind();
    return true;
  }

  async #feedCompressed(capture: GrowingCapture, maxBytes: number, onFed: () => void): Promise<void> {
    const start = this.#fed;
    while (!capture.complete && capture.damage === undefined && !this.hasUnread) {
      const chunk = await this.#read(this.#fed, Math.min(MAX_READ_BYTES, maxBytes));
      if (chunk.length === 0) return;
      this.#fed += chunk.length;
      this.dataBytes = this.#fed;
      capture.push(chunk);
      onFed();
      this.hasUnread = this.#fed - start >= maxBytes;
    }
  }

  async #readHead(): Promise<Buffer> {
    return Buffer.from(await this.#read(0, HEAD_BYTES));
  }

  /** Reads up to `length` bytes, fewer only at the end of the file. Valid until the next call. */
  async #read(position: number, length: number): Promise<Buffer> {
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(this.#buffer, filled, length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    this.bytesRead += filled;
    return this.#buffer.subarray(0, filled);
  }
}

export function readBuffer(): Buffer {
  return Buffer.alloc(MAX_READ_BYTES);
}

/**
 * Checks the compression.
 *
 * @throws FormatError for a capture that was compressed afterwards, which cannot be followed
 */
function refuseCompressed(start: Buffer): void {
  const compression = compressionOf(start);
  if (compression === undefined) return;
  const command = compression === 'gzip' ? 'gunzip' : 'unzstd';
  throw new FormatError(
    'memray',
    `compressed with ${compression}: ${command} it first, or use heapray stats`,
  );
}

/**
 * Checks the first bytes.
 *
 * @throws FormatError when no capture starts like this
 */
function requireMagic(start: Buffer): void {
  refuseCompressed(start);
  const isMagic = MAGICS.some((magic) => {
    const length = Math.min(magic.length, start.length);
    return magic.subarray(0, length).equals(start.subarray(0, length));
  });
  if (!isMagic) throw new FormatError('memray', 'not a memray capture', 0);
}

/** Clears the counts in the first bytes of a raw capture, which are written when it ends. */
function clearCounts(head: Buffer): void {
  if (head.readUInt32LE(FORMAT) === 11) head.fill(0, 13, 29);
  else head.fill(0, 17, 33);
}

function lengthWithoutZeros(bytes: Uint8Array): number {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length -= 1;
  return length;
}
