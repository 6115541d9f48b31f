// Measures what heapray adds to the resident memory of a process, its thread included: the same service with and
// without it, side by side, over time.
import { figure } from '../lib/figure.mjs';
import { runProgram } from '../lib/run-program.mjs';
import { mean, median, slope } from '../lib/statistics.mjs';

const PAIRS = 5;
/** A small heap: the memory that V8 and malloc keep around a heap that has grown is random, 8 MiB of it at 32 MiB. */
const MEGABYTES = 8;
const CASES = [
  { what: 'at the defaults', options: {} },
  // A heap of 400 MB has that many samples at the default interval.
  { what: 'with 700 live samples', options: { samplingInterval: 12_288 } },
];
/** Part of a run that counts: the last, long after start-up. */
const LAST_PART = 1 / 3;
const QUICK_SECONDS = 12;
/**
 * Flags that give the application's young generation its full size from the start. V8 doubles it after a number of
 * surviving bytes, and any loaded module may trigger that early: 6.5 MiB that are not heapray's.
 */
const FLAGS = ['--min-semi-space-size=16', '--max-semi-space-size=16'];

export async function measureResident({ node, quick, minutes = 1, report }) {
  const seconds = quick ? QUICK_SECONDS : minutes * 60;
  const runs = (mode, options = {}) =>
    Promise.all(
      Array.from({ length: PAIRS }, () =>
        runProgram(node, 'resident', { mode, megabytes: MEGABYTES, seconds, options }, FLAGS),
      ),
    );
  const [none, ...cases] = await Promise.all([
    runs('none'),
    ...CASES.map(({ options }) => runs('heapray', options)),
  ]);
  report(baseFigures(none, seconds));
  CASES.forEach(({ what }, i) => {
    report(figures(`resident memory ${what}`, none, cases[i]));
  });
  return { seconds, none, cases: Object.fromEntries(CASES.map(({ what }, i) => [what, cases[i]])) };
}

function baseFigures(none, seconds) {
  const part = `resident memory after ${seconds} s without heapray`;
  const row = (what, unit, values) => figure({ part, what, unit, values });
  return [
    row(
      'of the process',
      'MiB',
      none.map((run) => last(run, 'resident')),
    ),
    row('A/A control', 'MiB', added(none, none, 'resident')),
    row('growth', 'MiB/min', none.map(trend)),
  ];
}

function figures(part, none, heapray) {
  const values = added(none, heapray, 'resident');
  return [
    figure({ part, what: 'added by heapray', unit: 'MiB', values, target: { atMost: 24 } }),
    figure({ part, what: 'of that anonymous', unit: 'MiB', values: added(none, heapray, 'anonymous') }),
    figure({ part, what: 'growth', unit: 'MiB/min', values: heapray.map(trend) }),
  ];
}

/** Returns the difference to the median of the runs without heapray: runs are side by side and not in pairs. */
function added(none, runs, key) {
  const base = median(none.map((run) => last(run, key)));
  return runs.map((run) => last(run, key) - base);
}

function last(run, key) {
  return mean(lastPart(run).map((sample) => sample[key]));
}

function trend(run) {
  return slope(lastPart(run).map(({ second, resident }) => [second / 60, resident]));
}

function lastPart(run) {
  return run.slice(Math.floor(run.length * (1 - LAST_PART)));
}
