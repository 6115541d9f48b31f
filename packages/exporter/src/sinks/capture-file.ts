import nodeFs from 'node:fs';
import { CaptureError, type CaptureOperation, codeOf } from './capture-error.js';
import type { CaptureFs } from './capture-fs.js';
import { capturePath } from './capture-names.js';
import { findOwnerNote, type OwnerState } from './capture-owner.js';
import { type ClaimedCapture, claimCapture } from './claim-capture.js';
import { type FileIdentity, findCapture, isSameFile, type KnownCapture } from './find-capture.js';
import { noteOwnFile } from './judge-capture.js';
import { makeFolder } from './make-folder.js';
import { type TidyOptions, tidyCaptures } from './rotate-capture.js';
import { removeLeftOvers } from './temporary-capture.js';

export interface CaptureFileOptions {
  /** Made if missing, with its parents. */
  readonly folder: string;
  /** Letters, digits, `_`, `.`, `-`, no dot in front: it names the file. See `captureFileName`. */
  readonly component: string;
  /** The first bytes. Other processes never see the capture without them. Default none. */
  readonly head?: Uint8Array;
  /** The path that this process had before: it comes first. */
  readonly preferred?: string | undefined;
  /** Threads of this process that have ended, by their `threadId`: what they were writing has ended too. */
  readonly endedThreads?: readonly number[];
  /**
   * How many captures of the component are kept in the folder: this one, and those of ended runs. What other living
   * processes write is not counted. Default 5.
   */
  readonly maxCaptures?: number;
  /** Milliseconds since the Unix epoch, for the name of a rotated capture. Default `Date.now`. */
  readonly now?: () => number;
  /** Milliseconds on a clock that nobody sets. Default `performance.now`. */
  readonly steadyNow?: () => number;
  /** Default `node:fs`. */
  readonly fs?: CaptureFs;
}

const DEFAULT_MAX_CAPTURES = 5;
const WRITTEN: OwnerState = 'written';

/**
 * The file of a running capture, readable by its owner only: `<folder>/<component>_memory.bin`, or
 * `<component>_memory.<pid>.bin` while another process writes that.
 *
 * All calls are synchronous: it lives in a worker thread. It always holds a whole number of appends, so that
 * an append of whole records keeps it readable even when a later one fails.
 */
export class CaptureFile {
  readonly path: string;
  readonly #options: TidyOptions;
  readonly #fs: CaptureFs;
  readonly #fd: number;
  readonly #identity: FileIdentity;
  readonly #release: () => void;
  /** Where the capture says that it is being written. */
  readonly #stateOffset: number | undefined;
  #length: number;
  #torn = false;
  #closed = false;

  private constructor(options: TidyOptions, { path, fd, identity }: ClaimedCapture, head: Uint8Array) {
    this.path = path;
    this.#options = options;
    this.#fs = options.fs;
    this.#fd = fd;
    this.#identity = identity;
    this.#release = noteOwnFile(identity);
    this.#length = head.length;
    this.#stateOffset = findOwnerNote(head)?.stateOffset;
  }

  /**
   * Starts a capture. One of an ended process that is in the way is kept as `<component>_memory.<UTC time>.bin`; see
   * {@link prune}.
   *
   * @throws CaptureError when the component's name is not allowed or the file system refuses
   * @throws RangeError when `maxCaptures` is no integer of at least 1
   */
  static open(options: CaptureFileOptions): CaptureFile {
    const { folder, component, maxCaptures = DEFAULT_MAX_CAPTURES, head = new Uint8Array() } = options;
    if (!Number.isInteger(maxCaptures) || maxCaptures < 1) {
      throw new RangeError(`maxCaptures must be an integer of at least 1, not ${maxCaptures}`);
    }
    const full: TidyOptions = {
      folder,
      component,
      keep: maxCaptures - 1,
      now: options.now ?? Date.now,
      steadyNow: options.steadyNow ?? (() => performance.now()),
      endedThreads: options.endedThreads ?? [],
      fs: options.fs ?? nodeFs,
    };
    capturePath(folder, component);
    makeFolder(full.fs, folder);
    return new CaptureFile(full, claimCapture({ ...full, preferred: options.preferred }, head), head);
  }

  /**
   * Gives captures of ended processes a date, deletes the oldest dated ones until `maxCaptures` are left with this one,
   * and removes what ended processes have left beside them. For when something has been written: a capture that cannot be
   * must not cost one that was.
   *
   * @returns those that could not be deleted
   */
  prune(): readonly CaptureError[] {
    const { folder, component } = this.#options;
    return [...tidyCaptures(this.#options), ...removeLeftOvers(folder, component, this.#options)];
  }

  /**
   * Whether it is still at its path. False when it was removed, or moved away, or its folder was: what is written then
   * is found by nobody. A folder that cannot be looked into says nothing.
   */
  get isInPlace(): boolean {
    try {
      const stats = this.#fs.lstatSync(this.path);
      return isSameFile(stats, this.#identity);
    } catch (cause) {
      return codeOf(cause) !== 'ENOENT' && codeOf(cause) !== 'ENOTDIR';
    }
  }

  /** Bytes in the file: all appends so far. */
  get length(): number {
    return this.#length;
  }

  /** What this file is recognized by with what is in it now, also after it was closed. */
  get known(): KnownCapture {
    const { ino, dev } = this.#identity;
    return { path: this.path, ino, dev, size: this.#length };
  }

  /**
   * Adds all of `bytes`, or nothing.
   *
   * @throws CaptureError when the file system refuses; the file then ends with the append before
   */
  append(bytes: Uint8Array): void {
    this.#check('append');
    try {
      if (this.#torn) this.#cutBack();
      this.#torn = true;
      this.#writeAll(bytes, this.#length);
      this.#torn = false;
      this.#length += bytes.length;
    } catch (cause) {
      this.#tryCutBack();
      throw CaptureError.from(this.path, 'append', cause);
    }
  }

  /**
   * Writes `bytes` over those at `offset`.
   *
   * @throws CaptureError when the file system refuses
   * @throws RangeError when that is not inside the file
   */
  patch(offset: number, bytes: Uint8Array): void {
    this.#check('patch');
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + bytes.length > this.#length) {
      throw new RangeError(
        `patch of ${bytes.length} bytes at ${offset} is not inside the ${this.#length} bytes`,
      );
    }
    try {
      this.#writeAll(bytes, offset);
    } catch (cause) {
      throw CaptureError.from(this.path, 'patch', cause);
    }
  }

  /**
   * Notes in the file that it is not written any more, and closes it; a second call does nothing.
   *
   * @throws CaptureError when the system reports a late write error
   */
  close(): void {
    if (this.#closed) return;
    this.#noteEnd();
    this.closeAsIs();
  }

  /** As {@link close}, for a capture that is written on in another way. */
  closeAsIs(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#release();
    try {
      this.#fs.closeSync(this.#fd);
    } catch (cause) {
      throw CaptureError.from(this.path, 'close', cause);
    }
  }

  /** Closes the file after an error, and removes it if nothing was written. Never throws: the error has been told. */
  abandon(): void {
    if (this.#closed) return;
    try {
      if (this.#length === 0) this.#remove();
    } catch {
      // An empty capture is left.
    }
    try {
      this.close();
    } catch {
      // What was appended before may still be whole.
    }
  }

  /** Other processes see that the process ends soon enough: without the note they only take longer. */
  #noteEnd(): void {
    if (this.#stateOffset === undefined) return;
    try {
      this.#writeAll(Buffer.from(WRITTEN), this.#stateOffset);
    } catch {
      // The records are what counts.
    }
  }

  #remove(): void {
    // Half a flush may be in it.
    const { size } = this.#fs.fstatSync(this.#fd);
    const place = findCapture(this.#fs, { ...this.known, size });
    if (place !== undefined) this.#fs.unlinkSync(place);
  }

  #check(operation: CaptureOperation): void {
    if (this.#closed) throw new CaptureError(this.path, operation, 'it is closed');
  }

  /** A write may take less than it was given, on a nearly full disk for example: go on until it refuses. */
  #writeAll(bytes: Uint8Array, offset: number): void {
    let done = 0;
    while (done < bytes.length) {
      const written = this.#fs.writeSync(this.#fd, bytes, done, bytes.length - done, offset + done);
      if (written === 0) throw new Error('the system wrote nothing');
      done += written;
    }
  }

  #cutBack(): void {
    this.#fs.ftruncateSync(this.#fd, this.#length);
    this.#torn = false;
  }

  /** If this fails too, the next append tries again before it writes; until then the file ends in half a flush. */
  #tryCutBack(): void {
    try {
      this.#cutBack();
    } catch {
      this.#torn = true;
    }
  }
}
