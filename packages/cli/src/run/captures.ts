import { mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { captureFileName } from '@heapray/exporter/sinks';
import { CommandError, fileError } from '../errors.js';

/** A capture on disk. */
export interface Capture {
  readonly path: string;
  readonly bytes: number;
  /** Distinguishes the file from one of the same name at another time. */
  readonly identity: string;
  readonly modifiedMillis: number;
}

/** Returns the captures of a component in a folder, the oldest first; none when the folder does not exist. */
export function capturesOf(component: string, folder: string): Capture[] {
  const prefix = `${captureFileName(component)}_memory.`;
  return capturesIn(folder).filter(({ path: file }) => path.basename(file).startsWith(prefix));
}

/**
 * Creates a folder beside `file` for the captures of one run, so that each can be renamed to its place.
 *
 * @throws CommandError when `file` cannot be created there
 */
export function makeRunFolder(file: string): string {
  try {
    const existing = statSync(file, { throwIfNoEntry: false });
    if (existing?.isDirectory()) throw new CommandError(`${file}: is a directory`);
    if (existing && !existing.isFile()) throw new CommandError(`${file}: is not a regular file`);
    return mkdtempSync(path.join(path.dirname(file), '.heapray-run-'));
  } catch (cause) {
    throw cause instanceof CommandError ? cause : fileError(file, cause);
  }
}

/**
 * Moves the captures of a run out of its folder, and removes the folder. `file` becomes the capture of the started
 * process, or the largest capture if that process wrote none because it only starts others. Captures of further
 * processes become `file.<pid>`. If a process wrote several captures, the earlier ones end in `.part<n>`.
 *
 * @returns the captures at their final paths, that of `file` first; none when none was written
 */
export function collectCaptures(folder: string, startedPid: number, file: string): Capture[] {
  const processes = entriesOf(folder)
    .map((pid) => ({ pid, captures: capturesIn(path.join(folder, pid)) }))
    .filter(({ captures }) => captures.length > 0)
    .sort((a, b) => sizeOf(b.captures) - sizeOf(a.captures))
    .sort((a, b) => Number(b.pid === `${startedPid}`) - Number(a.pid === `${startedPid}`));
  try {
    const moved = processes.flatMap(({ pid, captures }, at) =>
      move(captures, at === 0 ? file : `${file}.${pid}`),
    );
    rmSync(folder, { recursive: true, force: true });
    return moved;
  } catch (cause) {
    throw new CommandError(`${fileError(file, cause).message}; captures are in ${folder}`, { cause });
  }
}

/** Moves the captures of one process. The newest gets the plain name, because it contains everything still alive. */
function move(captures: readonly Capture[], target: string): Capture[] {
  const places = captures.map((capture, at) => {
    const place = at === captures.length - 1 ? target : `${target}.part${at + 1}`;
    renameSync(capture.path, place);
    return { ...capture, path: place };
  });
  return places.reverse();
}

function capturesIn(folder: string): Capture[] {
  return entriesOf(folder)
    .filter((name) => /_memory\..*bin$/.test(name))
    .flatMap((name) => captureAt(path.join(folder, name)))
    .sort((a, b) => a.modifiedMillis - b.modifiedMillis);
}

function sizeOf(captures: readonly Capture[]): number {
  return captures.reduce((sum, { bytes }) => sum + bytes, 0);
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function captureAt(file: string): Capture[] {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats?.isFile()) return [];
  const { dev, ino, birthtimeMs, size, mtimeMs } = stats;
  return [{ path: file, bytes: size, identity: `${dev}:${ino}:${birthtimeMs}`, modifiedMillis: mtimeMs }];
}
