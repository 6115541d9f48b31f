import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  DUMP_PREFIX,
  dumpsIn,
  FOLDER_PREFIX,
  removeDumpFolder,
  removeLeftOverFolders,
  removeUnreadDumps,
} from '@heapray/exporter/jemalloc';
import { CommandError, fileError } from '../errors.js';
import { findJemalloc, isMusl } from './find-jemalloc.js';

/** jemalloc for the program's processes. */
export interface NativeProfiling {
  /** Path of the library. */
  readonly library: string;
  /** Folder of the dumps. */
  readonly folder: string;
  /** Value of `MALLOC_CONF`. */
  readonly settings: string;
  /** Removes the folder. */
  close(): void;
}

export interface NativeOptions {
  /** Path of the library. Default: that of the system. */
  readonly library?: string | undefined;
  /** Count what was allocated and freed, too. */
  readonly allocated: boolean;
}

/**
 * Mean bytes between two samples: 128 KiB. Growth of 100 MiB is known within 4 % (one standard error), and a sample
 * costs some microseconds.
 */
const LG_SAMPLE = 17;
/** Bytes between two dumps of a process: 1 GiB. heapray provokes dumps itself when it wants one. */
const LG_INTERVAL = 30;
const SWEEP_MILLIS = 60_000;
const UNREAD_MILLIS = 120_000;
const INSTALL =
  "install it (Debian, Ubuntu: 'apt-get install libjemalloc2'), or name its file with --jemalloc";

/**
 * Finds jemalloc, checks that it can profile, and makes a folder for its dumps.
 *
 * @throws CommandError when that is not possible; the message says what to install
 */
export function prepareNative({ library: given, allocated }: NativeOptions): NativeProfiling {
  if (process.platform !== 'linux')
    throw new CommandError(`--native: only on Linux, not on ${process.platform}`);
  if (isMusl())
    throw new CommandError('--native: needs the C library glibc; this system has musl, as Alpine does');
  const library = given === undefined ? findJemalloc() : path.resolve(given);
  if (library === undefined) throw new CommandError(`--native: jemalloc is not installed: ${INSTALL}`);
  if (!existsSync(library)) throw new CommandError(`--native: ${library}: no such file`);
  // LD_PRELOAD separates paths with colons and spaces.
  if (/[\s:]/.test(library)) throw new CommandError(`--native: ${library}: a space or colon in the path`);
  const base = temporaryFolder();
  removeLeftOverFolders(base);
  const folder = makeFolder(base);
  const sweep = setInterval(() => removeUnreadDumps(folder, UNREAD_MILLIS), SWEEP_MILLIS).unref();
  const close = () => {
    clearInterval(sweep);
    removeDumpFolder(folder);
  };
  const settings = settingsFor(folder, allocated);
  const problem = problemOf(library, folder, settings);
  if (problem !== undefined) {
    close();
    throw new CommandError(`--native: ${library} cannot profile here: ${problem}`);
  }
  return { library, folder, settings, close };
}

function settingsFor(folder: string, allocated: boolean): string {
  return [
    'prof:true',
    `lg_prof_sample:${LG_SAMPLE}`,
    `lg_prof_interval:${LG_INTERVAL}`,
    `prof_prefix:${path.join(folder, DUMP_PREFIX)}`,
    `prof_accum:${allocated}`,
    'prof_final:false',
  ].join();
}

/** Runs Node with the library. Returns the reason why that leaves no dump; undefined if it does. */
function problemOf(library: string, folder: string, settings: string): string | undefined {
  const { stderr, error } = spawnSync(process.execPath, ['-e', '0'], {
    env: { LD_PRELOAD: library, MALLOC_CONF: `${settings},prof_final:true` },
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (error) return error.message;
  const isWritten = dumpsIn(folder).length > 0;
  removeUnreadDumps(folder, -1);
  if (isWritten) return undefined;
  return stderr.trim().split('\n')[0] || 'it wrote no profile; it may be built without profiling';
}

/** Returns the user's folder for files of running programs, or that for temporary files. */
function temporaryFolder(): string {
  const own = process.env.XDG_RUNTIME_DIR;
  const isUsable = own !== undefined && path.isAbsolute(own) && !/[\s:,]/.test(own) && mayWrite(own);
  return isUsable ? own : os.tmpdir();
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Makes a folder that only this user can read. */
function makeFolder(base: string): string {
  // jemalloc separates settings with commas.
  if (base.includes(',')) throw new CommandError(`--native: ${base}: a comma in the path of temporary files`);
  try {
    return mkdtempSync(path.join(base, `${FOLDER_PREFIX}${process.pid}-`));
  } catch (cause) {
    throw fileError(base, cause);
  }
}
