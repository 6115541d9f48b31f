// Measures a scrape at heapray's defaults, through the Prometheus exporter: its series, and its CPU time and garbage on the
// main thread, in a program whose largest call sites keep changing.
import { note } from '../scripts/lib/bootstrap.mjs';
import { figure } from './lib/figure.mjs';
import { rounds } from './lib/rounds.mjs';
import { runProgram } from './lib/run-program.mjs';

/**
 * `producer`: an SDK whose readers heapray gives a metric producer. `instruments`: a view of the application selects a metric of
 * call sites, so that instruments report them.
 */
const PARTS = ['producer', 'instruments'];
/** `none`: the same exporter without heapray. */
const ARMS = ['none', 'heapray'];
const FULL = { churnMillis: 60_000, batches: 40, repetitions: 3 };
const QUICK = { churnMillis: 10_000, batches: 10, repetitions: 1 };
/** The goals, for what users have without an option or a view. */
const TARGETS = { series: { atMost: 150 }, millis: { atMost: 1 } };

export async function run({ node, quick, parts, report }) {
  const { repetitions, ...plan } = quick ? QUICK : FULL;
  const details = {};
  for (const part of PARTS) {
    if (parts.length > 0 && !parts.includes(part)) continue;
    note(
      `scrape: ${part}, ${repetitions} rounds of ${plan.churnMillis} ms and ${plan.batches} batches of scrapes`,
    );
    const runs = [];
    for (const order of rounds(ARMS, repetitions)) {
      const result = {};
      for (const mode of order) {
        // Without heapray, no call sites can change.
        const churnMillis = mode === 'none' ? 1000 : plan.churnMillis;
        result[mode] = await runProgram(node, 'scrape', {
          ...plan,
          churnMillis,
          mode,
          hasView: part === 'instruments',
        });
      }
      runs.push(result);
    }
    details[part] = runs;
    report(figuresOf(part, runs, part === 'producer' ? TARGETS : {}));
  }
  return { plan, details };
}

function figuresOf(part, runs, { series, millis }) {
  const row = (what, unit, pick, target) =>
    figure({ part, what, unit, values: runs.map(pick), ...(target && { target }) });
  return [
    row('series at the end', '', ({ heapray }) => heapray.series, series),
    row('series at most', '', ({ heapray }) => heapray.mostSeries, series),
    row('of these zero', '%', ({ heapray }) => 100 * heapray.zeroShare),
    row('main thread, control without heapray', 'ms', ({ none }) => none.cpuMillis),
    row('main thread', 'ms', ({ heapray }) => heapray.cpuMillis, millis),
    row('garbage', 'KiB', ({ heapray }) => heapray.garbageKib),
  ];
}
