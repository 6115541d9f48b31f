// What heapray costs a process at its defaults, as its operator sees it: CPU time of the whole process with it against
// without it, for the same work at the same pace, in percent of one core.
import { note } from '../scripts/lib/bootstrap.mjs';
import { figure } from './lib/figure.mjs';
import { rounds } from './lib/rounds.mjs';
import { runProgram } from './lib/run-program.mjs';

const PROGRAMS = ['json', 'lru', 'buf', 'idle'];
const ARMS = ['none', 'again', 'heapray'];
const EVERY_MILLIS = 20;
/** Code is compiled and caches are filled before counting begins. */
const FULL = { turns: 1_000, warmUpTurns: 100, repetitions: 9, chunks: 1 };
const QUICK = { turns: 300, warmUpTurns: 100, repetitions: 2, chunks: 1 };
/** The goals: at most one percent of a core, and the default of `cpuBudget` by heapray's own account. */
const TARGET = { atMost: 1 };
const BUDGET = { atMost: 0.5 };

export async function run({ node, quick, report }) {
  const { repetitions, ...plan } = quick ? QUICK : FULL;
  const details = {};
  for (const workload of PROGRAMS) {
    note(`cost: ${workload}, ${repetitions} rounds of ${ARMS.length} runs of ${plan.turns} turns`);
    const runs = [];
    for (const order of rounds(ARMS, repetitions)) {
      const result = {};
      for (const arm of order) {
        const mode = arm === 'again' ? 'none' : arm;
        result[arm] = await runProgram(node, 'cost', { workload, mode, everyMillis: EVERY_MILLIS, ...plan });
      }
      runs.push(result);
    }
    details[workload] = runs;
    report(figuresOf(workload, runs));
  }
  return { plan, details };
}

function figuresOf(part, runs) {
  const ofCore = ({ cpuMillis, wallMillis }) => (100 * cpuMillis) / wallMillis;
  const row = (what, pick, target) =>
    figure({ part, what, unit: '% of a core', values: runs.map(pick), ...(target && { target }) });
  return [
    row('without heapray', ({ none }) => ofCore(none)),
    row('A/A control', ({ none, again }) => ofCore(again) - ofCore(none)),
    row('heapray', ({ none, heapray }) => ofCore(heapray) - ofCore(none), TARGET),
    row(
      'heapray, as its metric says',
      ({ heapray }) => (100 * heapray.saidMillis) / heapray.wallMillis,
      BUDGET,
    ),
  ];
}
