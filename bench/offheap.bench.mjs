// Measures what attributing Buffers to functions costs a process: CPU time of the whole process with it against heapray without
// it, for the same work, as a service does it and as fast as it can.
import { note } from '../scripts/lib/bootstrap.mjs';
import { figure } from './lib/figure.mjs';
import { rounds } from './lib/rounds.mjs';
import { runProgram } from './lib/run-program.mjs';

/** Gap from one turn of `buf` to the next, in ms: some 1,600 Buffers in each turn. `full` keeps a core busy. */
const EVERY_MILLIS = { pace: 20, full: 1 };
const ARMS = { off: 'off', again: 'off', buffers: 'buffers', all: 'all' };
const FULL = { fromMillis: 3_000, toMillis: 23_000, repetitions: 9 };
const QUICK = { fromMillis: 2_000, toMillis: 6_000, repetitions: 2 };
/** The goal for a default that is on: at most one percent of a core at the pace of a service. */
const TARGET = { atMost: 1 };

export async function run({ node, quick, parts, report }) {
  const { repetitions, ...time } = quick ? QUICK : FULL;
  const details = {};
  for (const [part, everyMillis] of Object.entries(EVERY_MILLIS)) {
    if (parts.length > 0 && !parts.includes(part)) continue;
    const arms = Object.keys(ARMS);
    note(
      `offheap: ${part}, ${repetitions} rounds of ${arms.length} runs of ${time.toMillis - time.fromMillis} ms`,
    );
    const runs = [];
    for (const order of rounds(arms, repetitions)) {
      const result = {};
      for (const arm of order) {
        const options = { offHeap: ARMS[arm] };
        const { measured } = await runProgram(node, 'cost', {
          workload: 'buf',
          mode: 'heapray',
          everyMillis,
          times: [time],
          options,
        });
        result[arm] = measured[0];
      }
      runs.push(result);
    }
    details[part] = runs;
    report(part === 'pace' ? ofCore(part, runs) : ofWork(part, runs));
  }
  return { time, details };
}

function ofCore(part, runs) {
  const share = ({ cpuMillis, wallMillis }) => (100 * cpuMillis) / wallMillis;
  const row = (what, pick, target) =>
    figure({ part, what, unit: '% of a core', values: runs.map(pick), ...(target && { target }) });
  return [
    row('without', ({ off }) => share(off)),
    row('A/A control', ({ off, again }) => share(again) - share(off)),
    row('Buffers', ({ off, buffers }) => share(buffers) - share(off), TARGET),
    row('Buffers and typed arrays', ({ off, all }) => share(all) - share(off)),
  ];
}

/** The number of turns is the same in all arms, but not the time. */
function ofWork(part, runs) {
  const more = (arm) => (run) => 100 * (perTurn(run[arm]) / perTurn(run.off) - 1);
  const row = (what, pick) => figure({ part, what, unit: '% more CPU time', values: runs.map(pick) });
  return [
    row('A/A control', more('again')),
    row('Buffers', more('buffers')),
    row('Buffers and typed arrays', more('all')),
  ];
}

function perTurn({ cpuMillis, turns }) {
  return cpuMillis / turns;
}
