// Measures what native profiling costs: CPU time and resident memory of the same work at the same pace with jemalloc and
// its profiler, with jemalloc alone, and with heapray alone, against glibc's allocator without heapray.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { note } from '../scripts/lib/bootstrap.mjs';
import { jemallocPeer } from '../scripts/lib/peers/debian.mjs';
import { figure } from './lib/figure.mjs';
import { rounds } from './lib/rounds.mjs';
import { runProgram } from './lib/run-program.mjs';

/** Turns of each workload: some seconds of work. */
const WORKLOADS = { buf: 1_500, json: 400, zlib: 1_500 };
const ARMS = ['none', 'again', 'heapray', 'jemalloc', 'native'];
const FULL = { part: 1, repetitions: 7 };
const QUICK = { part: 0.1, repetitions: 2 };
const NAMES = {
  again: 'A/A control',
  heapray: 'heapray',
  jemalloc: 'jemalloc without profiling',
  native: 'heapray with the native heap',
};

export async function run({ node, quick, parts, report }) {
  const { repetitions, part } = quick ? QUICK : FULL;
  const library = await jemallocPeer().bring();
  const details = {};
  for (const [workload, fullTurns] of Object.entries(WORKLOADS)) {
    if (parts.length > 0 && !parts.includes(workload)) continue;
    const plan = { workload, turns: fullTurns * part, warmUpTurns: fullTurns / 10 };
    note(`native: ${workload}, ${repetitions} rounds of ${ARMS.length} runs`);
    const runs = [];
    for (const order of rounds(ARMS, repetitions)) {
      const result = {};
      for (const arm of order) result[arm] = await runArm(node, arm, library, plan);
      runs.push(result);
    }
    details[workload] = runs;
    report(figuresOf(workload, runs));
  }
  return { details };
}

async function runArm(node, arm, library, plan) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'heapray-bench-native-'));
  try {
    const mode = arm === 'heapray' || arm === 'native' ? 'heapray' : 'none';
    const env = {
      ...(arm === 'jemalloc' || arm === 'native' ? { LD_PRELOAD: library } : {}),
      ...(arm === 'native' ? { MALLOC_CONF: settings(folder), HEAPRAY_NATIVE_DUMPS: folder } : {}),
    };
    return await runProgram(node, 'native', { mode, ...plan }, [], env);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns the settings of `heapray run --native`. */
function settings(folder) {
  const dumps = `lg_prof_interval:30,prof_prefix:${path.join(folder, 'heap')},prof_final:false`;
  return `prof:true,lg_prof_sample:17,${dumps}`;
}

function figuresOf(part, runs) {
  const row = (what, unit, pick) => figure({ part, what, unit, values: runs.map(pick) });
  const times = (arm) => (run) => run[arm].cpuMillis / run.none.cpuMillis;
  const resident = (arm) => (run) => run[arm].residentBytes / run.none.residentBytes;
  return ['again', 'heapray', 'jemalloc', 'native'].flatMap((arm) => [
    row(`${NAMES[arm]}: CPU time`, 'times', times(arm)),
    row(`${NAMES[arm]}: resident memory`, 'times', resident(arm)),
  ]);
}
