// Runs the two readers that are compared, as a user runs them.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { PEERS, ROOT } from '../../scripts/lib/bootstrap.mjs';
import { memrayPeer } from '../../scripts/lib/peers/memray.mjs';
import { run } from '../../scripts/lib/run-command.mjs';
import { programEnv } from '../lib/run-program.mjs';

const MEMRAY = '1.20.0';
const MEASURE = path.join(ROOT, 'bench', 'programs', 'measured-command.py');
const HEAPRAY = path.join(ROOT, 'packages', 'cli', 'dist', 'main.js');

/** @returns runners of `memray stats` and `heapray stats` on a file: `{ wall, user, system }` in seconds, `residentMiB` */
export async function readers(node) {
  mkdirSync(PEERS, { recursive: true });
  const memray = await memrayPeer(MEMRAY).bring();
  const python = path.join(path.dirname(memray), 'python');
  const measured = async (command) => {
    const cost = JSON.parse(await run(python, [MEASURE, ...command], { env: programEnv() }));
    if (cost.status !== 0) throw new Error(`${command.join(' ')}: status ${cost.status}`);
    return cost;
  };
  return {
    memray: (file) => measured([memray, 'stats', file]),
    heapray: (file) => measured([node, HEAPRAY, 'stats', file]),
  };
}
