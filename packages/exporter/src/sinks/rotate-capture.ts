import path from 'node:path';
import { CaptureError, codeOf } from './capture-error.js';
import { CAPTURE_MODE, type CaptureFs } from './capture-fs.js';
import { rotatedCaptures, rotatedName, stampOf } from './capture-names.js';

/** Other processes take no more names meanwhile; it ends the search should a file system say that all are taken. */
const MAX_ATTEMPTS = 1000;
/** What a file system without hard links answers. */
const NO_HARD_LINKS: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
]);

/**
 * Moves the capture at `current` out of the way, if there is one, to a name of its own with the time.
 *
 * Nothing is ever overwritten, also when several processes do this at once: a hard link (and unlike it a
 * rename) fails when the new name is taken.
 *
 * @throws CaptureError when something other than a regular file is there, or the file system refuses
 */
export function rotateCapture(fs: CaptureFs, current: string, component: string, millis: number): void {
  if (!isThere(fs, current)) return;
  const folder = path.dirname(current);
  const stamp = stampOf(millis);
  // Not the first free number: one that pruning has freed would make the newest look like the oldest.
  const used = rotatedCaptures(list(fs, folder), component).filter((other) => other.stamp === stamp);
  const first = (used.at(-1)?.n ?? 0) + 1;
  for (let n = first; n < first + MAX_ATTEMPTS; n += 1) {
    if (tryMove(fs, current, path.join(folder, rotatedName(component, stamp, n)))) return;
  }
  throw new CaptureError(current, 'rotate', 'no free name');
}

/** Deletes the oldest rotated captures of `component` until `keep` are left, and returns what went wrong. */
export function pruneCaptures(
  fs: CaptureFs,
  folder: string,
  component: string,
  keep: number,
): readonly CaptureError[] {
  const problems: CaptureError[] = [];
  const names = list(fs, folder, (cause) => problems.push(CaptureError.from(folder, 'prune', cause)));
  const captures = rotatedCaptures(names, component);
  for (const { name } of captures.slice(0, Math.max(0, captures.length - keep))) {
    const file = path.join(folder, name);
    try {
      fs.unlinkSync(file);
    } catch (cause) {
      if (codeOf(cause) !== 'ENOENT') problems.push(CaptureError.from(file, 'prune', cause));
    }
  }
  return problems;
}

/** A folder that may be written to but not listed is still good for one capture. */
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

function isThere(fs: CaptureFs, current: string): boolean {
  const stats = attempt(current, () => fs.lstatSync(current, { throwIfNoEntry: false }));
  if (stats === undefined) return false;
  if (stats.isFile()) return true;
  if (stats.isSymbolicLink()) throw new CaptureError(current, 'open', 'a symbolic link is in its place');
  if (stats.isDirectory()) throw new CaptureError(current, 'open', 'a folder is in its place');
  throw new CaptureError(current, 'open', 'something that is no regular file is in its place');
}

/** Whether `current` is now called `target`; not if that name is taken. */
function tryMove(fs: CaptureFs, current: string, target: string): boolean {
  try {
    fs.linkSync(current, target);
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false;
    if (codeOf(cause) === 'ENOENT') return true; // someone else has just rotated it
    if (NO_HARD_LINKS.has(codeOf(cause))) return tryRename(fs, current, target);
    throw CaptureError.from(current, 'rotate', cause);
  }
  attempt(current, () => ignoring('ENOENT', () => fs.unlinkSync(current)));
  return true;
}

/** Without hard links: a rename would overwrite, so the name is taken first, by an empty file of our own. */
function tryRename(fs: CaptureFs, current: string, target: string): boolean {
  try {
    fs.closeSync(fs.openSync(target, 'wx', CAPTURE_MODE));
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false;
    throw CaptureError.from(current, 'rotate', cause);
  }
  try {
    fs.renameSync(current, target);
  } catch (cause) {
    attempt(target, () => fs.unlinkSync(target));
    if (codeOf(cause) !== 'ENOENT') throw CaptureError.from(current, 'rotate', cause);
  }
  return true;
}

function attempt<T>(file: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw CaptureError.from(file, 'rotate', cause);
  }
}

function ignoring(code: string, call: () => void): void {
  try {
    call();
  } catch (cause) {
    if (codeOf(cause) !== code) throw cause;
  }
}
