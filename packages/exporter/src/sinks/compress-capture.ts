import nodeFs, { type Stats } from 'node:fs';
import { LZ4_BLOCK_BYTES, Lz4FrameEncoder } from '../wire/lz4-frame-encoder.js';
import { CaptureError, codeOf } from './capture-error.js';
import { CAPTURE_MODE, type CaptureFs } from './capture-fs.js';
import { findCapture } from './find-capture.js';

/**
 * Compresses a finished capture, a block at a time, into `<name>.lz4.tmp`, which at the end takes its place: at
 * every moment the capture is whole under its name, compressed or not.
 *
 * The capture may be moved out of the way by the next one meanwhile; it is found by its inode. One that was deleted
 * stays deleted.
 */
export class CaptureCompression {
  /** Where the capture was when this began. */
  readonly path: string;
  readonly #fs: CaptureFs;
  readonly #source: number;
  readonly #stats: Stats;
  readonly #temporary: string;
  readonly #encoder: Lz4FrameEncoder = new Lz4FrameEncoder();
  readonly #piece: Uint8Array;
  #target: number | undefined;
  #read = 0;
  #written = 0;
  #ended = false;

  private constructor(capture: string, fs: CaptureFs, source: number) {
    this.path = capture;
    this.#fs = fs;
    this.#source = source;
    this.#stats = fs.fstatSync(source);
    this.#temporary = `${capture}.lz4.tmp`;
    this.#piece = new Uint8Array(Math.min(LZ4_BLOCK_BYTES, Math.max(1, this.#stats.size)));
  }

  /**
   * Opens a finished capture; nothing is written yet.
   *
   * @throws CaptureError when the file system refuses
   */
  static of(capture: string, fs: CaptureFs = nodeFs): CaptureCompression {
    let source: number | undefined;
    try {
      source = fs.openSync(capture, 'r');
      return new CaptureCompression(capture, fs, source);
    } catch (cause) {
      if (source !== undefined) fs.closeSync(source);
      throw CaptureError.from(capture, 'compress', cause);
    }
  }

  /** Bytes of the capture that are still to be read. */
  get bytesLeft(): number {
    return Math.max(0, this.#stats.size - this.#read);
  }

  /**
   * Compresses the next mebibyte; returns whether that was the last and the capture is compressed now.
   *
   * @throws CaptureError when the file system refuses; then the capture is as it was, and nothing else is left
   */
  step(): boolean {
    if (this.#ended) return true;
    try {
      this.#target ??= this.#begin();
      const count = this.#fs.readSync(this.#source, this.#piece, 0, this.#piece.length, this.#read);
      this.#read += count;
      if (count > 0) this.#write(this.#encoder.block(this.#piece.subarray(0, count)));
      if (count > 0 && this.bytesLeft > 0) return false;
      this.#write(this.#encoder.end());
      this.#replace();
      return true;
    } catch (cause) {
      this.#discard();
      throw CaptureError.from(this.path, 'compress', cause);
    }
  }

  /** Gives up: the capture stays as it is. */
  abandon(): void {
    if (!this.#ended) this.#discard();
  }

  #begin(): number {
    const target = this.#openTemporary();
    // What is written must be removed again from here on, whatever happens.
    this.#target = target;
    this.#write(this.#encoder.header());
    return target;
  }

  /** Exclusive, so that it is no link of somebody else's. One that a killed process left behind is in the way. */
  #openTemporary(): number {
    try {
      return this.#fs.openSync(this.#temporary, 'wx', CAPTURE_MODE);
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') throw cause;
      this.#fs.unlinkSync(this.#temporary);
      return this.#fs.openSync(this.#temporary, 'wx', CAPTURE_MODE);
    }
  }

  #write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const written = this.#fs.writeSync(this.#target!, bytes, done, bytes.length - done, this.#written);
      if (written === 0) throw new Error('the system wrote nothing');
      done += written;
      this.#written += written;
    }
  }

  #replace(): void {
    // A full disk may speak up only now.
    this.#fs.closeSync(this.#target!);
    this.#fs.closeSync(this.#source);
    this.#ended = true;
    const place = findCapture(this.#fs, this.path, this.#stats);
    if (place === undefined) this.#fs.unlinkSync(this.#temporary);
    else this.#fs.renameSync(this.#temporary, place);
  }

  /** Closes what is open and removes what was written. Errors here are no news: the capture itself is whole. */
  #discard(): void {
    const { closeSync, unlinkSync } = this.#fs;
    const open = this.#ended ? [] : [this.#source, this.#target];
    this.#ended = true;
    for (const fd of open) quietly(() => fd !== undefined && closeSync(fd));
    if (this.#target !== undefined) quietly(() => unlinkSync(this.#temporary));
  }
}

function quietly(work: () => unknown): void {
  try {
    work();
  } catch {
    // Closed or gone already, or out of reach.
  }
}
