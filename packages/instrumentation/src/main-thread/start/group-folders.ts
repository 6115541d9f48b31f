import os from 'node:os';
import path from 'node:path';
import { contain } from '../containment/contain.js';
import { isDenied } from './permissions.js';

/**
 * Returns the folders in which processes that share an address may meet, the first choice first: the user's folder for
 * sockets, or the one for temporary files. Without those that Node's permission model forbids.
 */
export function groupFolders(env: Readonly<Record<string, string>>): string[] {
  const { XDG_RUNTIME_DIR: runtime = '' } = env;
  // It reads the environment, which the application may have replaced.
  const temporary = contain(
    () => os.tmpdir(),
    () => {},
  );
  return [runtime, temporary ?? ''].filter(
    (folder) => path.isAbsolute(folder) && !isDenied('fs.write', path.join(folder, 'heapray')),
  );
}
