import nodeFs from 'node:fs';
import { LZ4_BLOCK_BYTES, Lz4FrameEncoder } from '../wire/lz4-frame-encoder.js';
import { CaptureError, codeOf } from './capture-error.js';
import type { CaptureFs } from './capture-fs.js';
import { findCapture, isSameFile, type KnownCapture } from './find-capture.js';
import { TemporaryCapture } from './temporary-capture.js';

/** Limit for retries. Another process may move the capture between our check and our open, but hardly this often. */
const MAX_OPEN_ATTEMPTS = 10;

/**
 * Compresses a finished capture block by block into a file beside it, which replaces the capture at the end. The
 * capture is whole under its name at every moment, compressed or not.
 *
 * If a newer capture moves this one away, it is found again, and the newer one is left alone. If it was deleted, it
 * stays deleted.
 */
export class CaptureCompression {
  /** Path of the capture when compression began. */
  readonly path: string;
  readonly #fs: CaptureFs;
  readonly #capture: KnownCapture;
  readonly #encoder: Lz4FrameEncoder = new Lz4FrameEncoder();
  #piece: Uint8Array | undefined;
  /** Undefined after it was closed. */
  #source: number | undefined;
  #target: TemporaryCapture | undefined;
  #read = 0;
  #ended = false;

  private constructor(fs: CaptureFs, capture: KnownCapture, { place, fd }: OpenedCapture) {
    this.path = place;
    this.#fs = fs;
    this.#capture = capture;
    this.#source = fd;
  }

  /**
   * Opens a finished capture, even if it has been moved. Writes nothing yet.
   *
   * @throws CaptureError when the file system refuses, or the capture was deleted
   */
  static of(capture: KnownCapture, fs: CaptureFs = nodeFs): CaptureCompression {
    try {
      return new CaptureCompression(fs, capture, openKnown(fs, capture));
    } catch (cause) {
      throw CaptureError.from(capture.path, 'compress', cause);
    }
  }

  /** Number of bytes of the capture still to be read. */
  get bytesLeft(): number {
    return Math.max(0, this.#capture.size - this.#read);
  }

  /**
   * Compresses the next MiB. Returns whether that was the last, so that the capture is compressed now.
   *
   * @throws CaptureError when the file system refuses; then the capture is unchanged, and no other file is left
   */
  step(): boolean {
    if (this.#ended) return true;
    try {
      this.#target ??= this.#begin();
      this.#piece ??= new Uint8Array(Math.min(LZ4_BLOCK_BYTES, Math.max(1, this.#capture.size)));
      const count = this.#fs.readSync(this.#source!, this.#piece, 0, this.#piece.length, this.#read);
      this.#read += count;
      if (count > 0) this.#target.write(this.#encoder.block(this.#piece.subarray(0, count)));
      if (count > 0 && this.bytesLeft > 0) return false;
      this.#target.write(this.#encoder.end());
      this.#target.replace(this.#capture);
      this.#end();
      return true;
    } catch (cause) {
      this.abandon();
      throw CaptureError.from(this.path, 'compress', cause);
    }
  }

  /** Stops compressing. The capture stays as it is. */
  abandon(): void {
    if (this.#ended) return;
    this.#target?.discard();
    this.#end();
  }

  #begin(): TemporaryCapture {
    const target = TemporaryCapture.beside(this.#capture.path, this.#fs);
    // Store the target before it is written, so that it is removed when a write fails.
    this.#target = target;
    target.write(this.#encoder.header());
    return target;
  }

  /** Closes the source. It was kept open so that its inode could not be reused. Errors are ignored: all was read. */
  #end(): void {
    const source = this.#source;
    this.#source = undefined;
    this.#piece = undefined;
    this.#ended = true;
    try {
      if (source !== undefined) this.#fs.closeSync(source);
    } catch {
      // Ignore: nothing was written through this descriptor.
    }
  }
}

interface OpenedCapture {
  readonly place: string;
  readonly fd: number;
}

function openKnown(fs: CaptureFs, capture: KnownCapture): OpenedCapture {
  for (let attempt = 1; attempt <= MAX_OPEN_ATTEMPTS; attempt += 1) {
    const place = findCapture(fs, capture);
    if (place === undefined) throw new Error('it was deleted');
    const fd = openIfThere(fs, place);
    if (fd === undefined) continue;
    if (isSame(fs, fd, capture)) return { place, fd };
    fs.closeSync(fd);
  }
  throw new Error('others move it all the time');
}

function openIfThere(fs: CaptureFs, file: string): number | undefined {
  try {
    return fs.openSync(file, 'r');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw cause;
  }
}

function isSame(fs: CaptureFs, fd: number, capture: KnownCapture): boolean {
  try {
    return isSameFile(fs.fstatSync(fd), capture);
  } catch (cause) {
    fs.closeSync(fd);
    throw cause;
  }
}
