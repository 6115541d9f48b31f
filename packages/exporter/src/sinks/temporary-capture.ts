import type { Stats } from 'node:fs';
import path from 'node:path';
import { CaptureError, codeOf } from './capture-error.js';
import { CAPTURE_MODE, type CaptureFs } from './capture-fs.js';
import { isTemporaryOf, temporaryName, temporaryOwner } from './capture-names.js';
import { hasProcess } from './capture-owner.js';
import { type FileIdentity, findCapture, isSameFile, type KnownCapture } from './find-capture.js';
import { hasBeenStill, type JudgeOptions, writerOf } from './judge-capture.js';

/** Limit for the search of a free name, in case a file system reports every name as taken. */
const MAX_ATTEMPTS = 1000;
/**
 * Age after which a temporary file without a note may be a leftover, in ms: a writer never pauses that long. The age is
 * needed because process IDs mean nothing in another container.
 */
const LEFT_OVER_MILLIS = 60_000;

/** Error codes of file systems without hard links. */
const NO_HARD_LINKS: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
]);

let made = 0;
/** Paths that this thread is writing. */
const underWay = new Set<string>();

/**
 * A new version of a capture, written beside it and then put in its place in one step. Its name is unique among
 * processes and threads. A file that others have put under the name meanwhile is left alone.
 */
export class TemporaryCapture {
  readonly #fs: CaptureFs;
  readonly #path: string;
  readonly #identity: FileIdentity;
  /** Undefined after closing, even if that failed: another file may have the descriptor by then. */
  #fd: number | undefined;
  #size = 0;

  private constructor(fs: CaptureFs, path: string, fd: number) {
    this.#fs = fs;
    this.#path = path;
    this.#fd = fd;
    this.#identity = fs.fstatSync(fd);
    underWay.add(path);
  }

  /**
   * Creates an empty file beside the capture at `capture`. This and all other methods throw the errors of the file
   * system.
   */
  static beside(capture: string, fs: CaptureFs): TemporaryCapture {
    for (let attempt = 1; ; attempt += 1) {
      made += 1;
      const file = temporaryName(capture, process.pid, made);
      const fd = openNew(fs, file, attempt === MAX_ATTEMPTS);
      if (fd === undefined) continue;
      try {
        return new TemporaryCapture(fs, file, fd);
      } catch (cause) {
        fs.closeSync(fd);
        throw cause;
      }
    }
  }

  /** Appends all of `bytes`. */
  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const written = this.#fs.writeSync(this.#fd!, bytes, done, bytes.length - done, this.#size);
      if (written === 0) throw new Error('the system wrote nothing');
      done += written;
      this.#size += written;
    }
  }

  /**
   * Replaces `capture`, even if it was moved, and returns its path. Returns undefined if the capture was deleted: it
   * stays deleted. Another process may still move it between the check and the rename; the system has no atomic call
   * for both.
   */
  replace(capture: KnownCapture): { readonly place: string; readonly known: KnownCapture } | undefined {
    this.#close();
    const place = findCapture(this.#fs, capture);
    if (place === undefined) {
      this.discard();
      return undefined;
    }
    if (!this.#isThere()) throw new Error('somebody has taken the temporary file away');
    this.#fs.renameSync(this.#path, place);
    const { ino, dev } = this.#identity;
    return { place, known: { path: capture.path, ino, dev, size: this.#size } };
  }

  /** Gives the file its final name. A file that has the name is replaced. */
  put(place: string): void {
    this.#close();
    if (!this.#isThere()) throw new Error('somebody has taken the temporary file away');
    this.#fs.renameSync(this.#path, place);
  }

  /**
   * Gives the file its final name, and the descriptor to the caller, who owns the file from then on. Returns undefined
   * when the name is taken: unlike a rename, a hard link overwrites nothing.
   */
  moveTo(place: string): { readonly fd: number; readonly identity: FileIdentity } | undefined {
    try {
      this.#fs.linkSync(this.#path, place);
      // If this fails, the second name is removed later as a leftover.
      quietly(() => this.#fs.unlinkSync(this.#path));
    } catch (cause) {
      if (codeOf(cause) === 'EEXIST') return undefined;
      if (!NO_HARD_LINKS.has(codeOf(cause))) throw cause;
      if (!this.#renameTo(place)) return undefined;
    }
    const fd = this.#fd!;
    this.#fd = undefined;
    underWay.delete(this.#path);
    return { fd, identity: this.#identity };
  }

  /** Reserves the name with an empty file, then renames over it. Returns false when the name is taken. */
  #renameTo(place: string): boolean {
    const taken = openNew(this.#fs, place, false);
    if (taken === undefined) return false;
    try {
      this.#fs.closeSync(taken);
      this.#fs.renameSync(this.#path, place);
      return true;
    } catch (cause) {
      quietly(() => this.#fs.unlinkSync(place));
      throw cause;
    }
  }

  /** Closes and removes the file. Errors are ignored: the capture itself is whole. */
  discard(): void {
    quietly(() => this.#close());
    quietly(() => this.#isThere() && this.#fs.unlinkSync(this.#path));
  }

  /** Closes the descriptor. Throws if the system reports a late write error, for example a full disk. */
  #close(): void {
    underWay.delete(this.#path);
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) this.#fs.closeSync(fd);
  }

  #isThere(): boolean {
    const stats = this.#fs.lstatSync(this.#path, { throwIfNoEntry: false });
    return stats !== undefined && isSameFile(stats, this.#identity);
  }
}

/**
 * Removes temporary files that ended processes have left of captures of `component`. Returns the errors that occurred.
 */
export function removeLeftOvers(
  folder: string,
  component: string,
  options: JudgeOptions,
): readonly CaptureError[] {
  const { fs } = options;
  const problems: CaptureError[] = [];
  for (const name of namesIn(fs, folder)) {
    if (!isTemporaryOf(name, component)) continue;
    const file = path.join(folder, name);
    if (underWay.has(file)) continue;
    try {
      const stats = fs.lstatSync(file, { throwIfNoEntry: false });
      if (stats !== undefined && isLeftOver(file, stats, options)) fs.unlinkSync(file);
    } catch (cause) {
      if (codeOf(cause) !== 'ENOENT') problems.push(CaptureError.from(file, 'remove', cause));
    }
  }
  return problems;
}

/**
 * Returns whether the writer of a temporary file has ended. A new version of a capture names its writer in a note. A
 * file with compressed data has none, so the process ID in its name decides. If that is our own, the file is of an
 * earlier process: in a restarted container the ID is the same every time.
 */
function isLeftOver(file: string, stats: Stats, options: JudgeOptions): boolean {
  const life = stats.isFile() ? writerOf(file, stats, options) : undefined;
  if (life === 'elsewhere') return hasBeenStill(stats, options.steadyNow());
  if (life !== undefined) return life === 'ended';
  if (Date.now() - stats.mtimeMs < LEFT_OVER_MILLIS) return false;
  const owner = temporaryOwner(path.basename(file));
  return owner === process.pid || !hasProcess(owner);
}

/**
 * Returns whether a temporary file without a note is a leftover of an ended process.
 *
 * @param pid the process ID in its name. Our own is that of an earlier process: call this while this one has no temporary file
 */
export function isLeftOverFile(fs: CaptureFs, file: string, pid: number, now: number): boolean {
  const stats = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined || Math.abs(now - stats.mtimeMs) < LEFT_OVER_MILLIS) return false;
  return pid === process.pid || !hasProcess(pid);
}

/**
 * Creates a file exclusively, so that no file or link of others is opened. Returns undefined when the name is taken.
 */
function openNew(fs: CaptureFs, file: string, isLast: boolean): number | undefined {
  try {
    return fs.openSync(file, 'wx', CAPTURE_MODE);
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST' || isLast) throw cause;
    return undefined;
  }
}

/** Lists a folder; empty on errors, which pruning reports. */
function namesIn(fs: CaptureFs, folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

function quietly(work: () => unknown): void {
  try {
    work();
  } catch {
    // Ignore: already closed or removed, or not accessible.
  }
}
