import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import path from 'node:path';
import { MAX_DUMP_BYTES } from './read-heap-dump.js';

/** First part of the names of dumps, for jemalloc's setting `prof_prefix`. */
export const DUMP_PREFIX = 'heap';
/** First part of the names of folders; the ID of the process that made it follows. */
export const FOLDER_PREFIX = 'heapray-native-';

/** Name of a dump: process ID, number, cause. */
const DUMP = /^heap\.(\d{1,10})\.(\d{1,15})\.[a-z]\d{0,15}\.heap$/;
const FOLDER = /^heapray-native-(\d{1,10})-\w{6}$/;
/** Age after which the folder of a process that is gone is a leftover, in ms. Programs write into theirs each minute. */
const LEFT_OVER_MILLIS = 300_000;

/** A dump on disk. */
export interface DumpFile {
  readonly path: string;
  readonly pid: number;
  /** Number of the dump in its process. */
  readonly number: number;
}

/** Returns the dumps in a folder, the oldest of each process first; none if it cannot be read. */
export function dumpsIn(folder: string): DumpFile[] {
  return namesIn(folder)
    .flatMap((name) => {
      const [, pid, number] = DUMP.exec(name) ?? [];
      if (pid === undefined) return [];
      return [{ path: path.join(folder, name), pid: Number(pid), number: Number(number) }];
    })
    .sort((a, b) => a.number - b.number);
}

/**
 * Reads a dump, but not more than can be a valid one.
 *
 * @throws the error of the system, or when it is not a file of its own
 */
export function readDump({ path: file }: DumpFile): Uint8Array {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new Error('not a file');
    const bytes = Buffer.allocUnsafe(Math.min(stats.size, MAX_DUMP_BYTES + 1));
    let filled = 0;
    while (filled < bytes.length) {
      const count = readSync(descriptor, bytes, filled, bytes.length - filled, filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  } finally {
    closeSync(descriptor);
  }
}

/** Removes dumps. Errors are ignored: the folder is removed at the end. */
export function removeDumps(dumps: readonly DumpFile[]): void {
  for (const { path: file } of dumps) attempt(() => unlinkSync(file));
}

/** Removes dumps older than `oldest` ms. They are of programs without heapray, which nothing reads. */
export function removeUnreadDumps(folder: string, oldest: number): void {
  removeDumps(dumpsIn(folder).filter((dump) => ageMillis(dump) > oldest));
}

/** Removes a folder of dumps. Leaves other files in it, and then the folder, alone. */
export function removeDumpFolder(folder: string): void {
  removeDumps(dumpsIn(folder));
  attempt(() => rmdirSync(folder));
}

/** Removes folders of this user in a temporary folder whose process has ended without removing them. */
export function removeLeftOverFolders(temporaryFolder: string): void {
  for (const name of namesIn(temporaryFolder)) {
    const [, pid] = FOLDER.exec(name) ?? [];
    if (pid === undefined || hasProcess(Number(pid))) continue;
    const folder = path.join(temporaryFolder, name);
    const stats = attempt(() => lstatSync(folder));
    if (stats === undefined || !stats.isDirectory() || stats.uid !== process.getuid?.()) continue;
    if (Date.now() - stats.mtimeMs > LEFT_OVER_MILLIS) removeDumpFolder(folder);
  }
}

function hasProcess(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // The process exists, but belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Returns the time since a dump was written to, in ms; 0 if it does not exist. */
export function ageMillis({ path: file }: DumpFile): number {
  return Date.now() - (attempt(() => lstatSync(file).mtimeMs) ?? Date.now());
}

function namesIn(folder: string): string[] {
  return attempt(() => readdirSync(folder)) ?? [];
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
