// Measures what exact mode costs: as factors of the same work without it, beside V8's own ways to record every allocation, and
// beside memray on an equivalent program in Python. All factors are of one run.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MemrayAnalyzer } from '@heapray/exporter/memray';
import { note, PEERS } from '../scripts/lib/bootstrap.mjs';
import { memrayPeer } from '../scripts/lib/peers/memray.mjs';
import { run as runCommand } from '../scripts/lib/run-command.mjs';
import { figure } from './lib/figure.mjs';
import { rounds } from './lib/rounds.mjs';
import { programEnv, runProgram } from './lib/run-program.mjs';

const MEMRAY = '1.20.0';
const PYTHON = path.join(import.meta.dirname, 'programs', 'exact-of-python.py');
/** Turns of each workload: a second or two of work in the slowest arm. */
const TURNS = { json: 20, lru: 20 };
const ARMS = ['none', 'flags', 'sampler', 'tracking', 'heapray'];
const NAMES = {
  flags: "V8's flags alone",
  sampler: "V8's sampler at 1 byte, without polls",
  tracking: "V8's trackAllocations",
  heapray: 'heapray in exact mode',
};
/** Options of Node for a program in exact mode, as `heapray run --exact` sets them. */
const NODE_ARGS = [
  '--import',
  import.meta.resolve('@heapray/instrumentation/register'),
  '--max-semi-space-size=64',
];

export async function run({ node, quick, parts, report }) {
  const repetitions = quick ? 2 : 7;
  const details = {};
  for (const [workload, turns] of Object.entries(TURNS)) {
    if (parts.length > 0 && !parts.includes(workload)) continue;
    note(`exact: ${workload}, ${repetitions} rounds of ${ARMS.length} runs`);
    const runs = [];
    for (const order of rounds(ARMS, repetitions)) {
      const result = {};
      for (const arm of order) result[arm] = await runArm(node, { workload, arm, turns, warmUpTurns: 2 });
      runs.push(result);
    }
    details[workload] = runs;
    report(figuresOf(workload, runs));
  }
  if (parts.length === 0 || parts.includes('memray')) {
    details.memray = await runPython(repetitions);
    report(memrayFigures(details.memray, details.json));
  }
  return { details };
}

async function runArm(node, plan) {
  if (plan.arm !== 'heapray') return runProgram(node, 'exact', plan);
  return inFolder(async (folder) => {
    const env = {
      HEAPRAY_COMPONENT: 'exact',
      HEAPRAY_TRACE_COMPONENTS: 'exact',
      HEAPRAY_DETAILED_TRACING: 'true',
      HEAPRAY_HOME: folder,
      HEAPRAY_DEBUG_ADDR: 'off',
      OTEL_METRICS_EXPORTER: 'none',
    };
    const { millis } = await runProgram(node, 'exact', plan, NODE_ARGS, env);
    const [name] = readdirSync(folder);
    return { millis, ...sizeOf(path.join(folder, name)) };
  });
}

async function runPython(repetitions) {
  mkdirSync(PEERS, { recursive: true });
  const memray = await memrayPeer(MEMRAY).bring();
  const python = path.join(path.dirname(memray), 'python');
  const runs = [];
  for (const order of rounds(['none', 'memray'], repetitions)) {
    const result = {};
    for (const arm of order) {
      result[arm] = await inFolder(async (folder) => {
        const file = arm === 'memray' ? path.join(folder, 'python.bin') : '';
        const options = JSON.stringify({ turns: TURNS.json, warmUpTurns: 2, file });
        const { millis } = JSON.parse(await runCommand(python, [PYTHON, options], { env: programEnv() }));
        return { millis, ...(file && sizeOf(file)) };
      });
    }
    runs.push(result);
  }
  return runs;
}

async function inFolder(work) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'heapray-bench-exact-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns the size of an uncompressed capture, its number of allocations and frees, and of missed allocations. */
function sizeOf(file) {
  const analyzer = new MemrayAnalyzer();
  analyzer.push(readFileSync(file));
  analyzer.end();
  const [, missed] = /(\d+) of them without stack/.exec(analyzer.header?.commandLine ?? '') ?? [];
  return { bytes: statSync(file).size, events: analyzer.events, missed: Number(missed ?? 0) };
}

function figuresOf(part, runs) {
  const row = (what, pick, target) => figure({ part, what, unit: 'times', values: runs.map(pick), target });
  const slower = (arm) => (run) => run[arm].millis / run.none.millis;
  const target = { atMost: 2 };
  return [
    ...ARMS.slice(1).map((arm) => row(`${NAMES[arm]}: slower`, slower(arm))),
    row(
      'heapray in exact mode, of the sampler alone',
      (run) => run.heapray.millis / run.sampler.millis,
      target,
    ),
    figure({
      part,
      what: 'heapray in exact mode, allocations missed',
      unit: '%',
      // Most allocations have an event for their end, too.
      values: runs.map(({ heapray }) => (200 * heapray.missed) / heapray.events),
    }),
  ];
}

function memrayFigures(runs, ofHeapray) {
  const row = (what, unit, values, target) => figure({ part: 'memray', what, unit, values, target });
  const perEvent = ({ bytes, events }) => bytes / events;
  const memray = runs.map((run) => perEvent(run.memray));
  const figures = [
    row(
      'memray: slower',
      'times',
      runs.map((run) => run.memray.millis / run.none.millis),
    ),
    row('bytes for an event, memray', 'B', memray),
  ];
  if (!ofHeapray) return figures;
  const target = { atMost: 1.2 * Math.min(...memray) };
  const heapray = ofHeapray.map((run) => perEvent(run.heapray));
  return [...figures, row('bytes for an event, heapray', 'B', heapray, target)];
}
