import nodeFs from 'node:fs';
import path from 'node:path';
import { CaptureError, codeOf } from './capture-error.js';
import type { CaptureFs } from './capture-fs.js';
import { captureFileName, stampOf } from './capture-names.js';
import { makeFolder } from './make-folder.js';
import { isLeftOverFile, TemporaryCapture } from './temporary-capture.js';

export interface DatedProfilesOptions {
  /** Folder of the files. Created with the first of them. */
  readonly folder: string;
  /** First part of the names: a component or service. Other characters than A-Z a-z 0-9 _ . - become `_`. */
  readonly name: string;
  /** Maximum number of files of this name, at least 1. */
  readonly keep: number;
  /** Maximum size of all files of this name, in bytes. */
  readonly maxBytes: number;
  /** Returns ms since the Unix epoch. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** File system calls. Default `node:fs`. */
  readonly fs?: CaptureFs | undefined;
}

const EXTENSION = '.pb.gz';
/** Limit for the search of a free name, in case a file system reports every name as taken. */
const MAX_ATTEMPTS = 1000;

interface DatedFile {
  readonly path: string;
  readonly order: string;
  readonly size: number;
}

/**
 * Profiles of a program over time, one file each: `<name>-<UTC time>.pb.gz`, readable by their owner only. Beyond the limits, the oldest are removed. Processes of the same name share these limits.
 *
 * Unlike `ProfileFiles`, no file belongs to a running process, and the profiles have no texts beside them. All calls are
 * synchronous.
 */
export class DatedProfiles {
  readonly #options: DatedProfilesOptions;
  readonly #fs: CaptureFs;
  readonly #now: () => number;
  readonly #stem: string;

  constructor(options: DatedProfilesOptions) {
    this.#options = options;
    this.#fs = options.fs ?? nodeFs;
    this.#now = options.now ?? Date.now;
    this.#stem = captureFileName(options.name);
  }

  /**
   * Writes a profile, which gets its name in one step when it is complete.
   *
   * @param pprof gzipped
   * @returns path of the file
   * @throws CaptureError when the file system refuses, or the profile alone is larger than `maxBytes`
   */
  add(pprof: Uint8Array): string {
    const { folder, maxBytes } = this.#options;
    const first = path.join(folder, `${this.#stem}-${stampOf(this.#now())}${EXTENSION}`);
    if (pprof.length > maxBytes) {
      throw new CaptureError(first, 'open', `${pprof.length} bytes are more than the limit of ${maxBytes}`);
    }
    makeFolder(this.#fs, folder);
    let file: TemporaryCapture | undefined;
    try {
      file = TemporaryCapture.beside(first, this.#fs);
      file.write(pprof);
      return this.#name(file, first);
    } catch (cause) {
      file?.discard();
      throw cause instanceof CaptureError ? cause : CaptureError.from(first, 'open', cause);
    }
  }

  /**
   * Removes the oldest profiles until the rest is within the limits, and temporary files of ended processes.
   *
   * @returns errors for the files that could not be removed
   */
  prune(): readonly CaptureError[] {
    const { keep, maxBytes, folder } = this.#options;
    const problems: CaptureError[] = [];
    const remove = (file: string) => {
      try {
        this.#fs.unlinkSync(file);
      } catch (cause) {
        if (codeOf(cause) !== 'ENOENT') problems.push(CaptureError.from(file, 'prune', cause));
      }
    };
    const names = this.#names();
    let bytes = 0;
    for (const [at, { path: file, size }] of this.#dated(names).toReversed().entries()) {
      bytes += size;
      if (at >= keep || bytes > maxBytes) remove(file);
    }
    for (const name of names) if (this.#isLeftOver(name)) remove(path.join(folder, name));
    return problems;
  }

  #name(file: TemporaryCapture, first: string): string {
    const base = first.slice(0, -EXTENSION.length);
    for (let n = 1; n <= MAX_ATTEMPTS; n += 1) {
      const place = n === 1 ? first : `${base}-${n}${EXTENSION}`;
      const moved = file.moveTo(place);
      if (moved === undefined) continue;
      this.#fs.closeSync(moved.fd);
      return place;
    }
    throw new CaptureError(first, 'open', 'no free name');
  }

  /** Returns the files of this name, the oldest first. */
  #dated(names: readonly string[]): readonly DatedFile[] {
    const files = names.flatMap((name) => {
      const [, stem, stamp, n = '1'] = /^(.*)-(\d{8}T\d{6}Z)(?:-(\d{1,4}))?\.pb\.gz$/s.exec(name) ?? [];
      if (stem !== this.#stem) return [];
      const file = path.join(this.#options.folder, name);
      const stats = this.#fs.lstatSync(file, { throwIfNoEntry: false });
      if (stats?.isFile() !== true) return [];
      return [{ path: file, order: `${stamp}-${n.padStart(4, '0')}`, size: stats.size }];
    });
    return files.sort((a, b) => (a.order < b.order ? -1 : 1));
  }

  #isLeftOver(name: string): boolean {
    const [, stem, pid] = /^(.*)-\d{8}T\d{6}Z\.pb\.gz\.(\d{1,10})-\d+\.tmp$/s.exec(name) ?? [];
    if (stem !== this.#stem) return false;
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
