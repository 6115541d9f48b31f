// Measures what heapray costs a process at its defaults: CPU time of the whole process with it against without it, for the
// same work at the same pace, in percent of one core. The processes of a round run beside each other, so that all of them have the
// same machine: its speed changes by more from one minute to the next than heapray costs.
import { note } from '../scripts/lib/bootstrap.mjs';
import { figure } from './lib/figure.mjs';
import { runProgram } from './lib/run-program.mjs';

/** Gap from one turn to the next, in ms; long enough to leave the process idle in between, as a service is. */
const EVERY_MILLIS = { json: 20, lru: 100, buf: 20, idle: 20 };
const ARMS = ['none', 'again', 'heapray'];
/**
 * When to measure, by the turns of the program. At first, code is compiled, caches are filled, and heapray makes the denser polls of
 * its start and settles on a sampling interval. A service pays for that once.
 */
const FULL = {
  times: [
    { name: 'seconds 30 to 50', fromMillis: 30_000, toMillis: 50_000 },
    { name: 'seconds 120 to 150', fromMillis: 120_000, toMillis: 150_000 },
  ],
  repetitions: 4,
};
const QUICK = { times: [{ name: 'seconds 2 to 8', fromMillis: 2_000, toMillis: 8_000 }], repetitions: 2 };
/** The goal: at most one percent of a core. */
const TARGET = { atMost: 1 };

export async function run({ node, quick, parts, rounds: wanted, report }) {
  const { repetitions: usual, times } = quick ? QUICK : FULL;
  const repetitions = wanted ?? usual;
  const details = {};
  for (const [workload, everyMillis] of Object.entries(EVERY_MILLIS)) {
    if (parts.length > 0 && !parts.includes(workload)) continue;
    const seconds = times.at(-1).toMillis / 1000;
    note(`cost: ${workload}, ${repetitions} rounds of ${ARMS.length} runs of ${seconds} s or more`);
    const runs = [];
    for (let round = 0; round < repetitions; round++) {
      const results = await Promise.all(
        ARMS.map(async (arm) => {
          const mode = arm === 'again' ? 'none' : arm;
          return [arm, await runProgram(node, 'cost', { workload, mode, everyMillis, times })];
        }),
      );
      runs.push(Object.fromEntries(results));
    }
    details[workload] = runs;
    report(times.flatMap(({ name }, at) => figuresOf(`${workload}, ${name}`, measuredAt(runs, at))));
  }
  return { times, details };
}

/** Returns what was measured in one of the times, by arm. */
function measuredAt(runs, at) {
  return runs.map((byArm) =>
    Object.fromEntries(Object.entries(byArm).map(([arm, { measured }]) => [arm, measured[at]])),
  );
}

function figuresOf(part, runs) {
  const ofCore = ({ cpuMillis, wallMillis }) => (100 * cpuMillis) / wallMillis;
  const row = (what, pick, target) =>
    figure({ part, what, unit: '% of a core', values: runs.map(pick), ...(target && { target }) });
  return [
    row('without heapray', ({ none }) => ofCore(none)),
    row('A/A control', ({ none, again }) => ofCore(again) - ofCore(none)),
    row('heapray', ({ none, heapray }) => ofCore(heapray) - ofCore(none), TARGET),
    row('heapray, as its metric says', ({ heapray }) => (100 * heapray.saidMillis) / heapray.wallMillis),
  ];
}
