// Measures how long a poll stops the main thread on a big heap. The main thread spins and notes gaps; the gaps that
// fall into a poll (known to the microsecond, see programs/poll-witness.mjs) are its pause. The figure is the CPU
// time that the main thread used in them: wall-clock time on a busy machine includes the turns of other
// programs. The control is the same program without heapray, in windows of the same lengths: it shows what the machine
// does by itself.
import { figure } from '../lib/figure.mjs';
import { rounds } from '../lib/rounds.mjs';
import { runProgram } from '../lib/run-program.mjs';
import { median, quantile } from '../lib/statistics.mjs';

const MEGABYTES = 400;
const CASES = [
  { what: 'at the default interval', samplingInterval: undefined, target: { atMost: 2 } },
  { what: 'at 10 000 live samples', samplingInterval: 40_960, target: { atMost: 8 } },
];
/** A larger budget than the default, for more polls to measure; the cost of a poll does not depend on their number. */
const CPU_BUDGET = 0.5;
const FULL = { repetitions: 3, seconds: 30 };
const QUICK = { repetitions: 1, seconds: 5 };

export async function measurePauses({ node, quick, report }) {
  const plan = quick ? QUICK : FULL;
  const details = {};
  for (const one of CASES) {
    const runs = await measureCase(node, one, plan);
    details[one.what] = runs;
    report(figures(one, runs));
  }
  return details;
}

async function measureCase(node, { samplingInterval }, { repetitions, seconds }) {
  const options = { cpuBudget: CPU_BUDGET, ...(samplingInterval && { samplingInterval }) };
  const programOptions = (mode) => ({ mode, megabytes: MEGABYTES, seconds, options });
  const runs = [];
  for (const order of rounds(['heapray', 'none'], repetitions)) {
    const result = {};
    for (const mode of order) result[mode] = await runProgram(node, 'pauses', programOptions(mode));
    const { polls, gaps } = result.heapray;
    runs.push({
      polls: polls.length,
      liveSamples: median(polls.map(({ samples }) => samples)),
      latency: summary(polls.map(({ from, to }) => to - from)),
      pause: summary(stalls(polls, gaps, cpuShare)),
      clock: summary(stalls(polls, gaps, clockShare)),
      control: summary(stalls(polls, result.none.gaps, cpuShare)),
      controlClock: summary(stalls(polls, result.none.gaps, clockShare)),
      heapMegabytes: result.heapray.heapMegabytes,
    });
  }
  return runs;
}

/** Returns the longest stall of the main thread in each window, in ms: a poll stops it once. */
function stalls(windows, gaps, share) {
  return windows.map(({ from, to }) =>
    gaps.reduce((most, gap) => Math.max(most, share(gap, Math.min(gap[1], to) - Math.max(gap[0], from))), 0),
  );
}

function clockShare(_gap, overlap) {
  return Math.max(0, overlap);
}

function cpuShare([start, end, cpu], overlap) {
  return overlap > 0 ? Math.min(cpu, (cpu * overlap) / (end - start)) : 0;
}

function summary(values) {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99), max: Math.max(...values) };
}

function figures({ what, target }, runs) {
  const part = `poll pause, ${what}`;
  const row = (name, pick, goal) =>
    figure({ part, what: name, unit: 'ms', values: runs.map(pick), ...(goal && { target: goal }) });
  return [
    figure({ part, what: 'live samples', unit: '', values: runs.map((run) => run.liveSamples) }),
    figure({ part, what: 'polls seen', unit: '', values: runs.map((run) => run.polls) }),
    row('p50', (run) => run.pause.p50),
    row('p99', (run) => run.pause.p99, target),
    row('max', (run) => run.pause.max),
    row('control without heapray, p99', (run) => run.control.p99),
    row('control without heapray, max', (run) => run.control.max),
    row('by the clock, p50', (run) => run.clock.p50),
    row('by the clock, p99', (run) => run.clock.p99),
    row('by the clock without heapray, p99', (run) => run.controlClock.p99),
    row('answer seen by the profiler thread, p99', (run) => run.latency.p99),
  ];
}
