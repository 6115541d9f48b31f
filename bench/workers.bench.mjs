// Measures what profiling of worker threads costs at the defaults: CPU time and resident memory of a process with 100 of
// them, with `workers` on against off.
import { note } from '../scripts/lib/bootstrap.mjs';
import { figure } from './lib/figure.mjs';
import { rounds } from './lib/rounds.mjs';
import { runProgram } from './lib/run-program.mjs';

const THREADS = 100;
const ARMS = ['off', 'again', 'on'];
/** The warm-up covers the first polls, which come faster than the budget allows. */
const FULL = { threads: THREADS, warmUpMillis: 40_000, millis: 40_000, repetitions: 2 };
const QUICK = { threads: THREADS, warmUpMillis: 10_000, millis: 10_000, repetitions: 1 };

export async function run({ node, quick, report }) {
  const { repetitions, ...plan } = quick ? QUICK : FULL;
  note(`workers: ${repetitions} rounds of ${ARMS.length} runs with ${plan.threads} workers`);
  const runs = [];
  for (const order of rounds(ARMS, repetitions)) {
    const result = {};
    for (const arm of order)
      result[arm] = await runProgram(node, 'workers', { workers: arm === 'on', ...plan });
    runs.push(result);
  }
  report(figuresOf(runs, plan.threads));
  return { plan, details: runs };
}

function figuresOf(runs, threads) {
  const core = ({ cpuMillis, wallMillis }) => (100 * cpuMillis) / wallMillis;
  const mib = ({ residentBytes }) => residentBytes / 2 ** 20;
  const row = (what, unit, pick, target) =>
    figure({ part: `${threads} workers`, what, unit, values: runs.map(pick), ...(target && { target }) });
  const perWorker = (of, arm) => (result) => (of(result[arm]) - of(result.off)) / threads;
  return [
    row('CPU without profiling of workers', '% of a core', ({ off }) => core(off)),
    row('CPU for a worker, A/A control', '% of a core', perWorker(core, 'again')),
    row('CPU for a worker', '% of a core', perWorker(core, 'on'), { atMost: 0.1 }),
    row('resident memory without profiling of workers', 'MiB', ({ off }) => mib(off)),
    row('memory for a worker, A/A control', 'MiB', perWorker(mib, 'again')),
    row('memory for a worker', 'MiB', perWorker(mib, 'on'), { atMost: 1 }),
  ];
}
