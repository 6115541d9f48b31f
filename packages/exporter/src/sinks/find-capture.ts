import path from 'node:path';
import type { CaptureFs } from './capture-fs.js';
import { componentOf, rotatedCaptures } from './capture-names.js';

/** Which file it is, whatever it is called. */
export interface FileIdentity {
  readonly ino: number;
  readonly dev: number;
}

/** A capture that is recognized, wherever it was moved: another one may be in its place by now. */
export interface KnownCapture extends FileIdentity {
  /** Where it was begun, `<folder>/<component>_memory.bin`. */
  readonly path: string;
  /** Bytes in it. The number of a deleted file goes to the next one, which will hardly have as many. */
  readonly size: number;
}

export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

/**
 * Where a capture is now: still where it was begun, or moved out of the way of a newer one; undefined when it was
 * deleted. What the file system throws is thrown.
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
