import type { Stats } from 'node:fs';
import path from 'node:path';
import { CaptureError, codeOf } from './capture-error.js';
import { CAPTURE_MODE, type CaptureFs } from './capture-fs.js';
import { rotatedCaptures, rotatedName, runningCaptures, stampOf } from './capture-names.js';
import { type FileIdentity, isSameFile } from './find-capture.js';
import { hasBeenStill, type JudgeOptions, judgeCapture } from './judge-capture.js';

/** Limit for the search of a free name, in case a file system reports every name as taken. */
const MAX_ATTEMPTS = 1000;

/**
 * Renames the ended capture at `current` to a name with the date. Does nothing when another file is there by now.
 *
 * Nothing is ever overwritten: an empty file reserves the new name first. Names sort by the order in which captures
 * were moved. If the clock was set back meanwhile, the newest date is used again, with a number.
 *
 * @throws CaptureError when the file system refuses
 */
export function moveAway(
  fs: CaptureFs,
  current: string,
  component: string,
  millis: number,
  expected: FileIdentity,
): void {
  const folder = path.dirname(current);
  const newest = rotatedCaptures(list(fs, folder), component).at(-1);
  const stamp = [stampOf(millis), newest?.stamp ?? ''].sort().at(-1)!;
  // Count from the newest, not from the first free number: a number freed by pruning would make the newest look the
  // oldest.
  const first = newest?.stamp === stamp ? newest.n + 1 : 1;
  for (let n = first; n < first + MAX_ATTEMPTS; n += 1) {
    const target = path.join(folder, rotatedName(component, stamp, n));
    if (!takeName(fs, current, target)) continue;
    moveOver(fs, current, target, expected);
    return;
  }
  throw new CaptureError(current, 'rotate', 'no free name');
}

/** Options for tidying the folder of a capture. */
export interface TidyOptions extends JudgeOptions {
  readonly folder: string;
  readonly component: string;
  /** Number of captures to keep of those that ended processes, or this one, have finished. */
  readonly keep: number;
  readonly now: () => number;
}

/**
 * Renames finished captures of `component` to a name with a date, and deletes the oldest of these until `keep` are
 * left. Captures that a living process writes are not touched. An unfinished one of another container or machine is
 * touched only after it has not changed for ten minutes.
 *
 * @returns the errors that occurred
 */
export function tidyCaptures(options: TidyOptions): readonly CaptureError[] {
  const { fs, folder, component } = options;
  const problems: CaptureError[] = [];
  const onError = (file: string) => (cause: unknown) => {
    if (codeOf(cause) !== 'ENOENT')
      problems.push(cause instanceof CaptureError ? cause : CaptureError.from(file, 'prune', cause));
  };
  const names = list(fs, folder, onError(folder));
  for (const name of byAge(fs, folder, runningCaptures(names, component))) {
    const file = path.join(folder, name);
    guarded(() => dateEnded(file, options), onError(file));
  }
  pruneDated(options, onError);
  return problems;
}

function dateEnded(file: string, options: TidyOptions): void {
  const { fs, component, now } = options;
  const stats = fs.lstatSync(file, { throwIfNoEntry: false });
  const judged = stats?.isFile() ? judgeCapture(file, stats, options) : undefined;
  if (judged?.state === 'ended') moveAway(fs, file, component, now(), judged.stats);
  if (judged?.state === 'empty' && hasBeenStill(judged.stats, options.steadyNow())) fs.unlinkSync(file);
}

function pruneDated(options: TidyOptions, onError: (file: string) => (cause: unknown) => void): void {
  const { fs, folder, component, keep } = options;
  const captures = rotatedCaptures(list(fs, folder), component);
  let tooMany = captures.length - keep;
  for (const { name } of captures) {
    if (tooMany <= 0) return;
    const file = path.join(folder, name);
    guarded(() => {
      if (!isPrunable(file, options)) return;
      fs.unlinkSync(file);
    }, onError(file));
    tooMany -= 1;
  }
}

/**
 * Returns whether a dated capture may be deleted. Another version of heapray may have moved it while it was still being
 * written.
 */
function isPrunable(file: string, options: TidyOptions): boolean {
  const stats = options.fs.lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  if (!stats.isFile()) return true;
  const state = judgeCapture(file, stats, options)?.state;
  return state === 'ended' || (state === 'empty' && hasBeenStill(stats, options.steadyNow()));
}

/** Sorts by time of the last write: the order in which several ended captures get their dates. */
function byAge(fs: CaptureFs, folder: string, names: readonly string[]): readonly string[] {
  if (names.length < 2) return names;
  const written = new Map<string, number>();
  for (const name of names) {
    const read = () => fs.lstatSync(path.join(folder, name), { throwIfNoEntry: false })?.mtimeMs;
    written.set(name, guarded(read, () => {}) ?? 0);
  }
  return [...names].sort((a, b) => written.get(a)! - written.get(b)!);
}

function guarded<T>(work: () => T, onError: (cause: unknown) => void): T | undefined {
  try {
    return work();
  } catch (cause) {
    onError(cause);
    return undefined;
  }
}

/** Lists a folder; empty on errors. A folder that can be written but not listed is still good for one capture. */
function list(
  fs: CaptureFs,
  folder: string,
  onError: (cause: unknown) => void = () => {},
): readonly string[] {
  try {
    return fs.readdirSync(folder);
  } catch (cause) {
    onError(cause);
    return [];
  }
}

/**
 * Returns the stats of the file at a capture's path; undefined when there is none.
 *
 * @throws CaptureError when it is not a regular file, or the file system refuses
 */
export function regularFileAt(fs: CaptureFs, current: string): Stats | undefined {
  const stats = attempt(current, () => fs.lstatSync(current, { throwIfNoEntry: false }));
  if (stats === undefined || stats.isFile()) return stats;
  if (stats.isSymbolicLink()) throw new CaptureError(current, 'open', 'a symbolic link is in its place');
  if (stats.isDirectory()) throw new CaptureError(current, 'open', 'a folder is in its place');
  throw new CaptureError(current, 'open', 'something that is no regular file is in its place');
}

/** Creates an empty file. Returns false when the name is taken. */
function takeName(fs: CaptureFs, current: string, target: string): boolean {
  try {
    fs.closeSync(fs.openSync(target, 'wx', CAPTURE_MODE));
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false;
    throw CaptureError.from(current, 'rotate', cause);
  }
}

/** Renames `current` over the empty file at `target`, or removes that file if there is nothing to rename. */
function moveOver(fs: CaptureFs, current: string, target: string, expected: FileIdentity): void {
  const isExpected = (file: string) => {
    const stats = fs.lstatSync(file, { throwIfNoEntry: false });
    return stats !== undefined && isSameFile(stats, expected);
  };
  let moved = false;
  try {
    if (isExpected(current)) {
      fs.renameSync(current, target);
      moved = true;
    }
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw CaptureError.from(current, 'rotate', cause);
  } finally {
    if (!moved)
      guarded(
        () => fs.unlinkSync(target),
        () => {},
      );
  }
  if (!moved || attempt(target, () => isExpected(target))) return;
  // Another process began its capture between the check and the rename: give that one its name back, if still free.
  guarded(
    () => {
      fs.linkSync(target, current);
      fs.unlinkSync(target);
    },
    () => {},
  );
}

function attempt<T>(file: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw CaptureError.from(file, 'rotate', cause);
  }
}
