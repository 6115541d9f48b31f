import path from 'node:path';
import { CaptureError, codeOf } from './capture-error.js';
import type { CaptureFs } from './capture-fs.js';

/**
 * Creates a folder with its parents.
 *
 * @throws CaptureError when the file system refuses, or the path is not a folder
 */
export function makeFolder(fs: CaptureFs, folder: string): void {
  try {
    makeMissing(fs, folder);
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') {
      const what = isLink(fs, folder) ? 'a symbolic link without a folder behind it' : 'a file';
      throw new CaptureError(folder, 'open', `${what} is where its folder should be`, { cause });
    }
    throw CaptureError.from(folder, 'open', cause);
  }
}

/**
 * Avoids the option `recursive`: Node loops forever where the system returns ENOENT although the parent exists, as in
 * /proc.
 */
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

/** Returns whether the path is a folder or a link to one. */
function isFolder(fs: CaptureFs, folder: string): boolean {
  try {
    return fs.lstatSync(`${folder}${path.sep}.`).isDirectory();
  } catch {
    return false;
  }
}

function isLink(fs: CaptureFs, folder: string): boolean {
  try {
    return fs.lstatSync(folder).isSymbolicLink();
  } catch {
    return false;
  }
}
