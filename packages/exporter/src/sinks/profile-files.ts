import nodeFs, { type Stats } from 'node:fs';
import path from 'node:path';
import { CaptureError, codeOf } from './capture-error.js';
import type { CaptureFs } from './capture-fs.js';
import { stampOf } from './capture-names.js';
import { findOwnerNote, lifeOf, ownerNote } from './capture-owner.js';
import { isSameFile } from './find-capture.js';
import { makeFolder } from './make-folder.js';
import { isLeftOverFile, TemporaryCapture } from './temporary-capture.js';

/** The two files of a profile. */
export interface ProfileContents {
  /** gzipped pprof, for `<name>.pb.gz`. */
  readonly pprof: Uint8Array;
  /** For `<name>.txt`. A line that names the writing process is added. */
  readonly text: string;
}

export interface ProfileFilesOptions {
  /** Folder of the files. Created with the first of them. */
  readonly folder: string;
  /** First part of the names, see `captureFileName`. */
  readonly component: string;
  /** Second part of the names, for example `oom`. */
  readonly what: string;
  /** Number of profiles to keep in the folder, those of other living processes not counted. */
  readonly keep: number;
  /** `threadId` of each thread of this process that has ended. Their profiles count as ended too. */
  readonly endedThreads?: readonly number[];
  /** Returns ms since the Unix epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** File system calls. Default `node:fs`. */
  readonly fs?: CaptureFs;
}

const TEXT = '.txt';
const PPROF = '.pb.gz';
const EXTENSIONS = [TEXT, PPROF] as const;
/** Limit for the search of a free name, in case a file system reports every name as taken. */
const MAX_ATTEMPTS = 1000;
/** Maximum number of bytes of a text in which the line of its writer is looked for. */
const MAX_TEXT_BYTES = 2 ** 20;
/** Age after which files of another container or machine count as ended, in ms. Living writers replace them earlier. */
const ELSEWHERE_MILLIS = 10 * 60_000;

/**
 * Profiles of a component in a folder, readable by their owner only: `<component>_<what>.pb.gz` and `.txt`. While
 * another process writes these, the name has the process ID: `<component>_<what>.<pid>.pb.gz`. Profiles of ended
 * processes get the date of their last write: `<component>_<what>.<UTC time>.pb.gz`.
 *
 * All calls are synchronous, because this runs in a worker thread. Each file is replaced in one step.
 */
export class ProfileFiles {
  readonly #options: ProfileFilesOptions;
  readonly #fs: CaptureFs;
  readonly #now: () => number;
  /** Path without extension of what this process replaces; undefined before its first profile. */
  #own: string | undefined;

  constructor(options: ProfileFilesOptions) {
    this.#options = options;
    this.#fs = options.fs ?? nodeFs;
    this.#now = options.now ?? Date.now;
  }

  /** Path of the first process's pprof file. */
  get firstPath(): string {
    return this.#stem + PPROF;
  }

  /**
   * Replaces the profile that this process has written before. If the disk is full, that one stays whole.
   *
   * @returns path of the pprof file
   * @throws CaptureError when the file system refuses
   */
  replace(contents: ProfileContents): string {
    return this.#write(this.#stem, contents, (files) => {
      this.#own ??= this.#claim(files.text);
      files.pprof.put(this.#own + PPROF);
      if (!files.text.isMoved) files.text.put(this.#own + TEXT);
      return this.#own + PPROF;
    });
  }

  /**
   * Writes a profile under a name with the date.
   *
   * @returns path of the pprof file
   * @throws CaptureError when the file system refuses
   */
  add(contents: ProfileContents): string {
    return this.#write(this.#stem, contents, (files) => {
      const stamp = stampOf(this.#now());
      const base = this.#firstFree((n) => {
        const name = `${this.#stem}.${stamp}${suffix(n)}`;
        return files.text.moveTo(name + TEXT) ? name : undefined;
      });
      files.pprof.put(base + PPROF);
      return base + PPROF;
    });
  }

  /**
   * Gives profiles of ended processes a name with their date, and deletes the oldest until `keep` are left. Removes
   * temporary files of ended processes. Call it after a profile was written.
   *
   * @returns errors for the files that could not be renamed or deleted
   */
  prune(): readonly CaptureError[] {
    const problems: CaptureError[] = [];
    const attempt = (file: string, work: () => void) => {
      try {
        work();
      } catch (cause) {
        if (codeOf(cause) !== 'ENOENT') problems.push(CaptureError.from(file, 'prune', cause));
      }
    };
    const { folder, keep } = this.#options;
    for (const base of this.#basesOfProcesses()) {
      attempt(base + TEXT, () => this.#stateAt(base) === 'ended' && this.#moveAway(base));
    }
    const dated = this.#dated();
    const kept = this.#own === undefined ? keep : keep - 1;
    for (const base of dated.slice(0, Math.max(0, dated.length - kept))) {
      for (const extension of EXTENSIONS)
        attempt(base + extension, () => this.#fs.unlinkSync(base + extension));
    }
    for (const name of this.#names().filter((one) => this.#isLeftOver(one))) {
      const file = path.join(folder, name);
      attempt(file, () => this.#fs.unlinkSync(file));
    }
    return problems;
  }

  get #stem(): string {
    const { folder, component, what } = this.#options;
    return path.join(folder, `${component}_${what}`);
  }

  /** Writes both files beside `stem` in full before the first gets its name. */
  #write(
    stem: string,
    { pprof, text }: ProfileContents,
    name: (files: { readonly pprof: NewFile; readonly text: NewFile }) => string,
  ): string {
    makeFolder(this.#fs, this.#options.folder);
    const written: NewFile[] = [];
    try {
      const files = {
        pprof: new NewFile(stem + PPROF, this.#fs, pprof, written),
        text: new NewFile(stem + TEXT, this.#fs, Buffer.from(`${text}${ownerNote('writing')}\n`), written),
      };
      return name(files);
    } catch (cause) {
      throw cause instanceof CaptureError ? cause : CaptureError.from(stem + PPROF, 'replace', cause);
    } finally {
      for (const file of written) file.discard();
    }
  }

  /** Gives the text the first name that no living process has. Returns the name without extension. */
  #claim(text: NewFile): string {
    return this.#firstFree((n) => {
      const base = n === 1 ? this.#stem : `${this.#stem}.${process.pid}${suffix(n - 1)}`;
      const state = this.#stateAt(base);
      if (state === 'taken') return undefined;
      if (state === 'ended') this.#moveAway(base);
      return text.moveTo(base + TEXT) ? base : undefined;
    });
  }

  #firstFree(take: (n: number) => string | undefined): string {
    for (let n = 1; n <= MAX_ATTEMPTS; n += 1) {
      const taken = take(n);
      if (taken !== undefined) return taken;
    }
    throw new CaptureError(this.#stem + PPROF, 'open', 'no free name');
  }

  #stateAt(base: string): 'free' | 'taken' | 'ended' {
    const stats = this.#fs.lstatSync(base + TEXT, { throwIfNoEntry: false });
    if (stats === undefined) return 'free';
    if (!stats.isFile()) return 'taken';
    if (base === this.#own) return 'taken';
    const note = this.#noteIn(base + TEXT);
    if (note === 'unreadable') return 'taken';
    if (note === undefined) return 'ended';
    const life = lifeOf(note.owner, this.#options.endedThreads ?? []);
    if (life !== 'elsewhere') return life === 'alive' ? 'taken' : 'ended';
    return Math.abs(this.#now() - stats.mtimeMs) > ELSEWHERE_MILLIS ? 'ended' : 'taken';
  }

  #noteIn(file: string): ReturnType<typeof findOwnerNote> | 'unreadable' {
    let fd: number;
    try {
      fd = this.#fs.openSync(file, 'r');
    } catch {
      return 'unreadable';
    }
    try {
      const size = Math.min(this.#fs.fstatSync(fd).size, MAX_TEXT_BYTES);
      const bytes = Buffer.alloc(size);
      return findOwnerNote(bytes.subarray(0, this.#fs.readSync(fd, bytes, 0, size, 0)));
    } catch {
      return 'unreadable';
    } finally {
      this.#fs.closeSync(fd);
    }
  }

  /** Renames both files of an ended process. Another process may do the same at this moment. */
  #moveAway(base: string): void {
    const { mtimeMs, ...seen } = this.#fs.lstatSync(base + TEXT);
    const stamp = stampOf(mtimeMs);
    const dated = this.#firstFree((n) => {
      const name = `${this.#stem}.${stamp}${suffix(n)}`;
      return this.#exists(name + TEXT) || this.#exists(name + PPROF) ? undefined : name;
    });
    if (!isSameFile(this.#fs.lstatSync(base + TEXT), seen as Stats)) return;
    this.#fs.renameSync(base + TEXT, dated + TEXT);
    if (this.#exists(base + PPROF)) this.#fs.renameSync(base + PPROF, dated + PPROF);
  }

  #exists(file: string): boolean {
    return this.#fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  }

  /** Returns the paths of profiles of processes, without extension, except for the first name. */
  #basesOfProcesses(): readonly string[] {
    return this.#basesOf(/^\.\d{1,10}(?:-\d+)?$/);
  }

  /** Returns the paths of dated profiles, without extension, the oldest first. */
  #dated(): readonly string[] {
    const order = (base: string) => {
      const [stamp = '', n = '1'] = base.slice(this.#stem.length + 1).split('-');
      return `${stamp}-${n.padStart(4, '0')}`;
    };
    const bases = this.#basesOf(/^\.\d{8}T\d{6}Z(?:-\d+)?$/);
    return [...bases].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  #basesOf(rest: RegExp): readonly string[] {
    const stem = path.basename(this.#stem);
    const bases = this.#names().flatMap((name) => {
      const extension = EXTENSIONS.find((one) => name.endsWith(one));
      if (extension === undefined || !name.startsWith(stem)) return [];
      const base = name.slice(0, -extension.length);
      return rest.test(base.slice(stem.length)) ? [path.join(this.#options.folder, base)] : [];
    });
    return [...new Set(bases)];
  }

  #isLeftOver(name: string): boolean {
    const [, rest, pid] = /^(.*)\.(?:txt|pb\.gz)\.(\d{1,10})-\d+\.tmp$/.exec(name) ?? [];
    if (rest !== path.basename(this.#stem)) return false;
    return isLeftOverFile(this.#fs, path.join(this.#options.folder, name), Number(pid), this.#now());
  }

  /** Lists the folder; empty on errors. */
  #names(): readonly string[] {
    try {
      return this.#fs.readdirSync(this.#options.folder);
    } catch {
      return [];
    }
  }
}

function suffix(n: number): string {
  return n === 1 ? '' : `-${n}`;
}

/** A file that is complete but has not got its name yet. */
class NewFile {
  readonly #fs: CaptureFs;
  readonly #file: TemporaryCapture;
  isMoved = false;

  constructor(beside: string, fs: CaptureFs, bytes: Uint8Array, written: NewFile[]) {
    this.#fs = fs;
    this.#file = TemporaryCapture.beside(beside, fs);
    written.push(this);
    this.#file.write(bytes);
  }

  /** Gives the file a name, unless that is taken. */
  moveTo(place: string): boolean {
    const moved = this.#file.moveTo(place);
    if (moved === undefined) return false;
    this.isMoved = true;
    this.#fs.closeSync(moved.fd);
    return true;
  }

  /** Gives the file a name, in place of the file there. */
  put(place: string): void {
    this.#file.put(place);
    this.isMoved = true;
  }

  /** Removes the file if it got no name. */
  discard(): void {
    if (!this.isMoved) this.#file.discard();
  }
}
