// Measures how long `heapray retainers` takes for a large heap snapshot, and its peak resident memory.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../scripts/lib/bootstrap.mjs';
import { run as runCommand } from '../scripts/lib/run-command.mjs';
import { figure } from './lib/figure.mjs';
import { programEnv, programFile, runProgram } from './lib/run-program.mjs';

const HEAPRAY = path.join(ROOT, 'packages', 'cli', 'dist', 'main.js');
const MEGABYTE = 1e6;
/** Orders of a snapshot of a megabyte. */
const ORDERS_PER_MEGABYTE = 1_760;
/** Targets by size of the snapshot in MB: seconds that a user waits, and MiB of resident memory. */
const TARGETS = { 200: { seconds: 20, residentMiB: 800 }, 500: { residentMiB: 1536 } };
const HEAP = ['--max-old-space-size=4000'];

export async function run({ node, quick, parts, report }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'heapray-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const details = {};
  for (const size of Object.keys(TARGETS)) {
    if (parts.length > 0 && !parts.includes(size)) continue;
    details[size] = await measureSize({ node, folder, size, quick, report });
  }
  rmSync(folder, { recursive: true, force: true });
  return details;
}

async function measureSize({ node, folder, size, quick, report }) {
  const file = path.join(folder, `${size}.heapsnapshot`);
  const orders = Math.round((quick ? 10 : Number(size)) * ORDERS_PER_MEGABYTE);
  const written = await runProgram(node, 'big-snapshot', { file, orders }, HEAP);
  const costs = [];
  const count = quick || size !== '200' ? 1 : 3;
  for (let round = 0; round < count; round++) costs.push(await measure(node, folder, file));
  rmSync(file);
  const { seconds, residentMiB } = TARGETS[size];
  const part = `${size} MB`;
  const of = (what, unit, values, atMost) =>
    figure({ part, what, unit, values, ...(atMost !== undefined && { target: { atMost } }) });
  report([
    of('size of the snapshot', 'MB', [written.bytes / MEGABYTE]),
    of('heap of the program', 'MB', [written.heapBytes / MEGABYTE]),
    of('pause of the program while it is taken', 's', [written.pauseSeconds]),
    of(
      'heapray retainers, wall',
      's',
      costs.map(({ wall }) => wall),
      seconds,
    ),
    of(
      'heapray retainers, processor time',
      's',
      costs.map(({ cpu }) => cpu),
    ),
    of(
      'heapray retainers, peak resident memory',
      'MiB',
      costs.map((cost) => cost.residentMiB),
      residentMiB,
    ),
  ]);
  return { written, costs };
}

async function measure(node, folder, file) {
  const COST_FILE = path.join(folder, 'cost.json');
  const stdout = await runCommand(
    node,
    ['--import', programFile('report-cost'), HEAPRAY, 'retainers', file],
    { env: { ...programEnv(), COST_FILE } },
  );
  const cost = JSON.parse(readFileSync(COST_FILE, 'utf8'));
  if (cost.status !== 0 || !stdout.includes('OrderCache')) throw new Error(`heapray retainers: ${stdout}`);
  return cost;
}
