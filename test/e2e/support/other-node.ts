// Finds a Node on the machine that is too old for heapray.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

/** Returns the first Node on the path that is older than 22; undefined if the machine has none. */
export function nodeTooOld(): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const candidates = folders.map((folder) => path.join(folder, 'node')).filter((file) => existsSync(file));
  return candidates.find((file) => {
    const major = Number(/^v(\d+)/.exec(spawnSync(file, ['--version']).stdout?.toString() ?? '')?.[1]);
    return major < 22;
  });
}
