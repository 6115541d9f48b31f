// Running a command with a folder that is soon full.
import { spawnSync } from 'node:child_process';

const MOUNT = 'mount -t tmpfs -o size=64k tmpfs "$0"';
/** From the real thing to what every user may do: a limit on the size of files. */
const WAYS: readonly { command: readonly string[]; code: string }[] = [
  { command: ['unshare', '--mount', 'sh', '-c', `${MOUNT} && exec "$@"`], code: 'ENOSPC' },
  { command: ['unshare', '--map-root-user', '--mount', 'sh', '-c', `${MOUNT} && exec "$@"`], code: 'ENOSPC' },
  { command: ['sh', '-c', 'ulimit -f 128 && exec "$@"'], code: 'EFBIG' },
];

export interface FullDisk {
  /** Stands before the command that is to run. */
  prefix: readonly string[];
  /** What the system answers once the folder is full. */
  code: string;
}

/** The first way that works here. The folder is only small for the command, and as before when that has ended. */
export function fullDisk(folder: string): FullDisk {
  for (const { command, code } of WAYS) {
    const prefix = [...command, folder];
    const [file = '', ...args] = [...prefix, 'true'];
    if (spawnSync(file, args).status === 0) return { prefix, code };
  }
  throw new Error('no way to fill a disk');
}
