// Measures what the split of resident memory costs: CPU time of the profiler thread for a reading of the mappings, and what that is
// a minute, by the memory of the process; and CPU time of the main thread for its part.
import { figure } from './lib/figure.mjs';
import { runProgram } from './lib/run-program.mjs';

const SIZES = [
  { what: 'a small process', heapMegabytes: 0, bufferMegabytes: 0 },
  { what: '400 MiB of objects', heapMegabytes: 400, bufferMegabytes: 0 },
  { what: '400 MiB of Buffers', heapMegabytes: 0, bufferMegabytes: 400 },
  { what: '400 MiB of objects and 1 GiB of Buffers', heapMegabytes: 400, bufferMegabytes: 1024 },
];
const FULL = { readings: 20, repetitions: 5 };
const QUICK = { readings: 5, repetitions: 1 };
const TARGET = { atMost: 3 };

export async function run({ node, quick, report }) {
  const { readings, repetitions } = quick ? QUICK : FULL;
  const details = {};
  for (const { what, ...size } of SIZES) {
    const runs = [];
    for (let i = 0; i < repetitions; i++)
      runs.push(await runProgram(node, 'resident-split', { readings, ...size }));
    details[what] = runs;
    report(figuresOf(what, runs));
  }
  return { details };
}

function figuresOf(part, runs) {
  const row = (what, unit, pick, target) =>
    figure({ part, what, unit, values: runs.map(pick), ...(target && { target }) });
  return [
    row('mappings', '', (run) => run.mappings),
    row('reading the mappings', 'ms', (run) => run.readingMillis),
    row('the same from smaps, as without a permission', 'ms', (run) => run.smapsMillis),
    row('time between two readings', 'min', (run) => run.gapMillis / 60_000),
    row('readings, a minute', 'ms', (run) => (60_000 * run.readingMillis) / run.gapMillis, TARGET),
    row("the main thread's part, each time", 'ms', (run) => run.mainMillis),
  ];
}
