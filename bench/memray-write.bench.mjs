// Measures how fast captures are written, and how large they get.
import path from 'node:path';
import { ROOT } from '../scripts/lib/bootstrap.mjs';
import { figure } from './lib/figure.mjs';
import { runProgram } from './lib/run-program.mjs';

const GOLDEN = path.join(ROOT, 'test', 'golden');
const CASES = {
  airflow: path.join(GOLDEN, 'airflow', 'dag_processor_memory.bin'),
  detailed: path.join(GOLDEN, 'memray', 'pymalloc.v13.bin'),
};

export async function run({ node, quick, parts, report }) {
  const details = {};
  for (const [part, source] of Object.entries(CASES)) {
    if (parts.length > 0 && !parts.includes(part)) continue;
    const result = await runProgram(node, 'memray-write', { source, seconds: quick ? 0.3 : 3 });
    details[part] = result;
    report(figures(part, result));
  }
  return details;
}

function figures(part, { events, sizes, runs }) {
  const row = (what, unit, values, target) => figure({ part, what, unit, values, target });
  const millions = (clock) => runs.map((one) => one.events / one[clock] / 1e6);
  return [
    row('written by a worker thread, by its CPU time', 'M events/s', millions('cpu'), { atLeast: 2 }),
    row('written by a worker thread, by the clock', 'M events/s', millions('wall')),
    // Declarations of functions are not compared: memray writes their line tables, heapray one line.
    row('bytes for an event, memray', 'B', [sizes.memray.records / events]),
    row('bytes for an event, heapray', 'B', [sizes.heapray.records / events], {
      atMost: sizes.memray.records / events,
    }),
    row('bytes of declared functions for an event, memray', 'B', [sizes.memray.declarations / events]),
    row('bytes of declared functions for an event, heapray', 'B', [sizes.heapray.declarations / events]),
  ];
}
