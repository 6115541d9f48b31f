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
  /** Folder of the capture. Created if missing, with its parents. */
  readonly folder: string;
  /** Part of the file name. Letters, digits, `_`, `.` and `-`; must not start with a dot. See `captureFileName`. */
  readonly component: string;
  /** First bytes of the file. Other processes never see the capture without them. Default: none. */
  readonly head?: Uint8Array;
  /** The path that this process used before. It is tried first. */
  readonly preferred?: string | undefined;
  /** `threadId` of each thread of this process that has ended. Their captures count as ended too. */
  readonly endedThreads?: readonly number[];
  /**
   * Number of captures of the component to keep in the folder: this one plus those of ended runs. Captures that other
   * living processes write are not counted. Default 5.
   */
  readonly maxCaptures?: number;
  /** Returns ms since the Unix epoch, for the name of a rotated capture. Default `Date.now`. */
  readonly now?: () => number;
  /** Returns ms of a monotonic clock. Default `performance.now`. */
  readonly steadyNow?: () => number;
  /** File system calls. Default `node:fs`. */
  readonly fs?: CaptureFs;
}

const DEFAULT_MAX_CAPTURES = 5;
const WRITTEN: OwnerState = 'written';

/**
 * The file of a running capture, readable by its owner only: `<folder>/<component>_memory.bin`, or
 * `<component>_memory.<pid>.bin` while another process writes to the first name.
 *
 * All calls are synchronous, because this runs in a worker thread. The file always holds a whole number of appends. If
 * each append is a whole record, the file stays readable even when a later append fails.
 */
export class CaptureFile {
  readonly path: string;
  readonly #options: TidyOptions;
  readonly #fs: CaptureFs;
  readonly #fd: number;
  readonly #identity: FileIdentity;
  readonly #release: () => void;
  /** Offset in the file, in bytes, of the word that says the capture is being written. */
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
   * Starts a capture. If a capture of an ended process has the name, it is renamed to
   * `<component>_memory.<UTC time>.bin`; see {@link prune}.
   *
   * @throws CaptureError when the component's name is not allowed or the file system refuses
   * @throws RangeError when `maxCaptures` is not a positive integer
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
   * Renames captures of ended processes to a name with a date, deletes the oldest of these until `maxCaptures` are left
   * including this one, and removes temporary files of ended processes. Call it after something has been written, so
   * that a capture that cannot be written does not cost an older one.
   *
   * @returns errors for the files that could not be deleted
   */
  prune(): readonly CaptureError[] {
    const { folder, component } = this.#options;
    return [...tidyCaptures(this.#options), ...removeLeftOvers(folder, component, this.#options)];
  }

  /**
   * Returns whether the file is still at its path. False when the file or its folder was moved or removed: later writes
   * would be lost. True when the folder cannot be read.
   */
  get isInPlace(): boolean {
    try {
      const stats = this.#fs.lstatSync(this.path);
      return isSameFile(stats, this.#identity);
    } catch (cause) {
      return codeOf(cause) !== 'ENOENT' && codeOf(cause) !== 'ENOTDIR';
    }
  }

  /** Size of the file in bytes: the sum of all appends so far. */
  get length(): number {
    return this.#length;
  }

  /** The identity and current size of the file, by which it is recognized later. Also valid after `close`. */
  get known(): KnownCapture {
    const { ino, dev } = this.#identity;
    return { path: this.path, ino, dev, size: this.#length };
  }

  /**
   * Appends all of `bytes`, or nothing.
   *
   * @throws CaptureError when the file system refuses; the file then ends with the previous append
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
   * Overwrites the bytes at `offset` with `bytes`.
   *
   * @throws CaptureError when the file system refuses
   * @throws RangeError when the range is not inside the file
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
   * Marks the capture in the file as finished, and closes it. A second call does nothing.
   *
   * @throws CaptureError when the system reports a late write error
   */
  close(): void {
    if (this.#closed) return;
    this.#noteEnd();
    this.closeAsIs();
  }

  /**
   * Closes the file as {@link close} does, but does not mark it as finished: it continues to be written by other means.
   */
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

  /** Closes the file after an error, and removes it if it is empty. Never throws: the error was reported already. */
  abandon(): void {
    if (this.#closed) return;
    try {
      if (this.#length === 0) this.#remove();
    } catch {
      // Leave the empty capture.
    }
    try {
      this.close();
    } catch {
      // Ignore: earlier appends may still be whole.
    }
  }

  /** Marks the capture as finished. Without the mark, other processes notice the end later, so errors are ignored. */
  #noteEnd(): void {
    if (this.#stateOffset === undefined) return;
    try {
      this.#writeAll(Buffer.from(WRITTEN), this.#stateOffset);
    } catch {
      // Ignore: all records are written.
    }
  }

  #remove(): void {
    // Part of a failed write may be in the file.
    const { size } = this.#fs.fstatSync(this.#fd);
    const place = findCapture(this.#fs, { ...this.known, size });
    if (place !== undefined) this.#fs.unlinkSync(place);
  }

  #check(operation: CaptureOperation): void {
    if (this.#closed) throw new CaptureError(this.path, operation, 'it is closed');
  }

  /**
   * Writes all bytes. A single write may take fewer, for example on a nearly full disk: repeat until the system
   * refuses.
   */
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

  /**
   * Removes the rest of a failed append. If that fails too, the next append tries again before it writes; until then
   * the file ends in a partial write.
   */
  #tryCutBack(): void {
    try {
      this.#cutBack();
    } catch {
      this.#torn = true;
    }
  }
}
