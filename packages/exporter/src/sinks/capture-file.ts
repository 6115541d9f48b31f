import nodeFs from 'node:fs';
import path from 'node:path';
import { CaptureError, type CaptureOperation, codeOf } from './capture-error.js';
import { CAPTURE_MODE, type CaptureFs } from './capture-fs.js';
import { capturePath } from './capture-names.js';
import { type FileIdentity, findCapture, type KnownCapture } from './find-capture.js';
import { pruneCaptures, rotateCapture } from './rotate-capture.js';
import { removeLeftOvers } from './temporary-capture.js';

export interface CaptureFileOptions {
  /** Made if missing, with its parents. */
  readonly folder: string;
  /** Letters, digits, `_`, `.`, `-`, no dot in front: it names the file. */
  readonly component: string;
  /** How many captures of the component may be in the folder, this one included. Default 5. */
  readonly maxCaptures?: number;
  /** Milliseconds since the Unix epoch, for the name of a rotated capture. Default `Date.now`. */
  readonly now?: () => number;
  /** Default `node:fs`. */
  readonly fs?: CaptureFs;
}

const DEFAULT_MAX_CAPTURES = 5;
/** Another process may put a capture in place between our look and our open; more often than this is a loop. */
const MAX_OPEN_ATTEMPTS = 10;

/**
 * The file of a running capture, `<folder>/<component>_memory.bin`, readable by its owner only.
 *
 * All calls are synchronous: it lives in a worker thread. It always holds a whole number of appends, so that
 * an append of whole records keeps it readable even when a later one fails.
 */
export class CaptureFile {
  readonly path: string;
  readonly #component: string;
  readonly #maxCaptures: number;
  readonly #fs: CaptureFs;
  readonly #fd: number;
  readonly #identity: FileIdentity;
  #length = 0;
  #torn = false;
  #closed = false;

  private constructor(
    options: CaptureFileOptions,
    file: string,
    fs: CaptureFs,
    { fd, identity }: OpenedFile,
  ) {
    this.path = file;
    this.#component = options.component;
    this.#maxCaptures = options.maxCaptures ?? DEFAULT_MAX_CAPTURES;
    this.#fs = fs;
    this.#fd = fd;
    this.#identity = identity;
  }

  /**
   * Starts a capture. One that is in the way is kept as `<component>_memory.<UTC time>.bin`; see {@link prune}.
   *
   * @throws CaptureError when the component's name is not allowed or the file system refuses
   * @throws RangeError when `maxCaptures` is no integer of at least 1
   */
  static open(options: CaptureFileOptions): CaptureFile {
    const { folder, component, maxCaptures = DEFAULT_MAX_CAPTURES, now = Date.now, fs = nodeFs } = options;
    if (!Number.isInteger(maxCaptures) || maxCaptures < 1) {
      throw new RangeError(`maxCaptures must be an integer of at least 1, not ${maxCaptures}`);
    }
    const file = capturePath(folder, component);
    makeFolder(fs, folder);
    const opened = openNew(fs, file, component, now);
    return new CaptureFile(options, file, fs, opened);
  }

  /**
   * Deletes the oldest captures of the component until `maxCaptures` are left, this one included, and what ended
   * processes have left beside them. For when something has been written: a capture that cannot be must not cost one
   * that was.
   *
   * @returns those that could not be deleted
   */
  prune(): readonly CaptureError[] {
    const folder = path.dirname(this.path);
    return [
      ...pruneCaptures(this.#fs, folder, this.#component, this.#maxCaptures - 1),
      ...removeLeftOvers(this.#fs, folder, this.#component),
    ];
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
   * Closes the file; a second call does nothing.
   *
   * @throws CaptureError when the system reports a late write error
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
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

function makeFolder(fs: CaptureFs, folder: string): void {
  try {
    makeMissing(fs, folder);
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') {
      throw new CaptureError(folder, 'open', 'a file is where its folder should be', { cause });
    }
    throw CaptureError.from(folder, 'open', cause);
  }
}

/** Not `recursive`: where the system says ENOENT although the parent is there, as in /proc, Node tries for ever. */
function makeMissing(fs: CaptureFs, folder: string, parentIsThere = false): void {
  try {
    fs.mkdirSync(folder);
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST' && isFolder(fs, folder)) return;
    const parent = path.dirname(folder);
    if (codeOf(cause) !== 'ENOENT' || parentIsThere || parent === folder) throw cause;
    makeMissing(fs, parent);
    makeMissing(fs, folder, true);
  }
}

/** Also through a link. */
function isFolder(fs: CaptureFs, folder: string): boolean {
  try {
    return fs.lstatSync(`${folder}${path.sep}.`).isDirectory();
  } catch {
    return false;
  }
}

interface OpenedFile {
  readonly fd: number;
  readonly identity: FileIdentity;
}

/** Exclusive: never opens what someone else has put there, nor through a link. */
function openNew(fs: CaptureFs, file: string, component: string, now: () => number): OpenedFile {
  for (let attempt = 1; ; attempt += 1) {
    rotateCapture(fs, file, component, now());
    try {
      return identified(fs, fs.openSync(file, 'wx', CAPTURE_MODE));
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST' || attempt === MAX_OPEN_ATTEMPTS)
        throw CaptureError.from(file, 'open', cause);
    }
  }
}

function identified(fs: CaptureFs, fd: number): OpenedFile {
  try {
    return { fd, identity: fs.fstatSync(fd) };
  } catch (cause) {
    fs.closeSync(fd);
    throw cause;
  }
}
