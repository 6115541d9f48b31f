import type { Stats } from 'node:fs';
import path from 'node:path';
import { CaptureError, codeOf } from './capture-error.js';
import { CAPTURE_MODE, type CaptureFs } from './capture-fs.js';
import { isTemporaryOf, temporaryName, temporaryOwner } from './capture-names.js';
import { hasProcess } from './capture-owner.js';
import { type FileIdentity, findCapture, isSameFile, type KnownCapture } from './find-capture.js';
import { hasBeenStill, type JudgeOptions, writerOf } from './judge-capture.js';

/** Other processes take few of our names: it ends the search should a file system say that all are taken. */
const MAX_ATTEMPTS = 1000;
/** Nobody leaves one alone for so long while writing it. In another container our process numbers say nothing. */
const LEFT_OVER_MILLIS = 60_000;

/** What a file system without hard links answers. */
const NO_HARD_LINKS: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
]);

let made = 0;
/** What this thread is writing. */
const underWay = new Set<string>();

/**
 * A new version of a capture, written beside it and then put in its place in one step. No other process, or thread,
 * has one of that name, and what others may have put under it meanwhile is left alone.
 */
export class TemporaryCapture {
  readonly #fs: CaptureFs;
  readonly #path: string;
  readonly #identity: FileIdentity;
  /** Undefined once it was closed, also when that failed: its number may be another file's by then. */
  #fd: number | undefined;
  #size = 0;

  private constructor(fs: CaptureFs, path: string, fd: number) {
    this.#fs = fs;
    this.#path = path;
    this.#fd = fd;
    this.#identity = fs.fstatSync(fd);
    underWay.add(path);
  }

  /** Makes an empty file beside the capture at `capture`. What the file system throws is thrown, here and below. */
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

  /** Adds all of `bytes`. */
  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const written = this.#fs.writeSync(this.#fd!, bytes, done, bytes.length - done, this.#size);
      if (written === 0) throw new Error('the system wrote nothing');
      done += written;
      this.#size += written;
    }
  }

  /**
   * Puts it in the place of `capture`, wherever that is by now, and says where; one that was deleted stays deleted
   * (undefined). Between the look and the rename another process may still move it: that cannot be had in one step.
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

  /**
   * Gives it its final name, and the descriptor to the caller: from then on it is no temporary file. Undefined when the
   * name is taken: unlike a rename, a hard link overwrites nothing.
   */
  moveTo(place: string): { readonly fd: number; readonly identity: FileIdentity } | undefined {
    try {
      this.#fs.linkSync(this.#path, place);
      // Its second name is a left-over if it stays.
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

  /** The name is taken by an empty file first. */
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

  /** Closes and removes it. Errors here are no news: the capture itself is whole. */
  discard(): void {
    quietly(() => this.#close());
    quietly(() => this.#isThere() && this.#fs.unlinkSync(this.#path));
  }

  /** A full disk may speak up only now. */
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

/** Removes what ended processes have left of captures of `component`; returns what went wrong. */
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
 * A new version of a capture says whose it is. Nothing does where a capture was being compressed: there the number in
 * the name must do. One of our own number is of an earlier process: in a container that is begun anew it is the same
 * every time.
 */
function isLeftOver(file: string, stats: Stats, options: JudgeOptions): boolean {
  const life = stats.isFile() ? writerOf(file, stats, options) : undefined;
  if (life === 'elsewhere') return hasBeenStill(stats, options.steadyNow());
  if (life !== undefined) return life === 'ended';
  if (Date.now() - stats.mtimeMs < LEFT_OVER_MILLIS) return false;
  const owner = temporaryOwner(path.basename(file));
  return owner === process.pid || !hasProcess(owner);
}

/** Exclusive, so that it is no file and no link of somebody else's; undefined when the name is taken. */
function openNew(fs: CaptureFs, file: string, isLast: boolean): number | undefined {
  try {
    return fs.openSync(file, 'wx', CAPTURE_MODE);
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST' || isLast) throw cause;
    return undefined;
  }
}

/** That a folder cannot be listed is told by pruning. */
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
    // Closed or gone already, or out of reach.
  }
}
