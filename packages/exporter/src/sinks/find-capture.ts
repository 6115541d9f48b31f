import path from 'node:path';
import type { CaptureFs } from './capture-fs.js';
import { componentOf, rotatedCaptures } from './capture-names.js';

/** Identity of a file, independent of its name. */
export interface FileIdentity {
  readonly ino: number;
  readonly dev: number;
}

/** A capture that can be recognized after it was moved. Another one may be at its path by then. */
export interface KnownCapture extends FileIdentity {
  /** Path at which the capture began, `<folder>/<component>_memory.bin`. */
  readonly path: string;
  /** Size in bytes. An inode of a deleted file is reused, but hardly by a file of the same size. */
  readonly size: number;
}

export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

/**
 * Returns the current path of a capture: where it began, or where it was moved for a newer one. Undefined when it was
 * deleted.
 *
 * @throws the error of the file system
 */
export function findCapture(fs: CaptureFs, capture: KnownCapture): string | undefined {
  const isAt = (file: string) => {
    const stats = fs.lstatSync(file, { throwIfNoEntry: false });
    return stats !== undefined && isSameFile(stats, capture) && stats.size === capture.size;
  };
  if (isAt(capture.path)) return capture.path;
  const folder = path.dirname(capture.path);
  const rotated = rotatedCaptures(fs.readdirSync(folder), componentOf(capture.path));
  return rotated.map(({ name }) => path.join(folder, name)).find(isAt);
}
