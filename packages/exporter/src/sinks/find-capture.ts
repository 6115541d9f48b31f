import path from 'node:path';
import type { CaptureFs } from './capture-fs.js';
import { componentOf, rotatedCaptures } from './capture-names.js';

/** Which file it is, whatever it is called. */
export interface FileIdentity {
  readonly ino: number;
  readonly dev: number;
}

/**
 * Where a capture is now: still at `capture`, or moved out of the way of a newer one; undefined when it was deleted.
 * What the file system throws is thrown.
 */
export function findCapture(fs: CaptureFs, capture: string, identity: FileIdentity): string | undefined {
  const isAt = (file: string) => {
    const stats = fs.lstatSync(file, { throwIfNoEntry: false });
    return stats !== undefined && stats.ino === identity.ino && stats.dev === identity.dev;
  };
  if (isAt(capture)) return capture;
  const folder = path.dirname(capture);
  const rotated = rotatedCaptures(fs.readdirSync(folder), componentOf(capture));
  return rotated.map(({ name }) => path.join(folder, name)).find(isAt);
}
