// Runs a command with a folder that is soon full.
import { spawnSync } from 'node:child_process';

const MOUNT = 'mount -t tmpfs -o size=64k tmpfs "$0"';
/** Ways to make a folder full: a small file system, or a limit on the size of files, which every user may set. */
const WAYS: readonly { command: readonly string[]; code: string }[] = [
  { command: ['unshare', '--mount', 'sh', '-c', `${MOUNT} && exec "$@"`], code: 'ENOSPC' },
  { command: ['unshare', '--map-root-user', '--mount', 'sh', '-c', `${MOUNT} && exec "$@"`], code: 'ENOSPC' },
  { command: ['sh', '-c', 'ulimit -f 128 && exec "$@"'], code: 'EFBIG' },
];

export interface FullDisk {
  /** Command line before the command that is to run. */
  prefix: readonly string[];
  /** The system's error code once the folder is full. */
  code: string;
}

/** Returns the first way that works here. The folder is small only for the command, and as before after it. */
export function fullDisk(folder: string): FullDisk {
  for (const { command, code } of WAYS) {
    const prefix = [...command, folder];
    const [file = '', ...args] = [...prefix, 'true'];
    if (spawnSync(file, args).status === 0) return { prefix, code };
  }
  throw new Error('no way to fill a disk');
}
