// Measures whether what heapray reports as in use is reachable: each program of `allocators/` at 64 KiB, without a
// forced collection, against the same samples after forced ones.
import { note } from '../scripts/lib/bootstrap.mjs';
import { ALLOCATORS } from './allocators/index.mjs';
import { bytesBySite } from './lib/bytes-by-site.mjs';
import { figure } from './lib/figure.mjs';
import { runProgram } from './lib/run-program.mjs';
import { sum } from './lib/statistics.mjs';

/**
 * The default at the start. A process may increase it after 20 s, and what it has then carried over is in both profiles: their
 * difference would say nothing of it.
 */
const INTERVAL = 65_536;
const FULL = { seconds: 45, repetitions: 3 };
const QUICK = { seconds: 12, repetitions: 1 };
/** The goal: the total within 10 %, sites above 5 % of it within 15 % or three standard errors. */
const TOTAL_PERCENT = 10;
const SITE_PERCENT = 15;
const BIG_SHARE = 0.05;
const SIGMAS = 3;

export async function run({ node, quick, report }) {
  const plan = quick ? QUICK : FULL;
  const details = {};
  for (const workload of Object.keys(ALLOCATORS)) {
    note(`in-use: ${workload}, ${plan.repetitions} runs of ${plan.seconds} s`);
    const runs = [];
    for (let i = 0; i < plan.repetitions; i++) runs.push(await measure(node, workload, plan.seconds));
    details[workload] = runs;
    report(figuresOf(workload, runs));
  }
  return { plan, details };
}

async function measure(node, workload, seconds) {
  const result = await runProgram(
    node,
    'in-use',
    { workload, seconds, options: { samplingInterval: INTERVAL } },
    ['--expose-gc'],
  );
  const { SITES } = ALLOCATORS[workload];
  const read = (profile) => bytesBySite(Buffer.from(profile, 'base64'), 'inuse_space', SITES).bytes;
  const [estimate, truth] = [read(result.estimate), read(result.truth)];
  const garbage = /([\d.]+) (B|KiB|MiB|GiB) more are shown/.exec(result.shownText);
  const unit = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };
  const uncollected = garbage ? Number(garbage[1]) * unit[garbage[2]] : 0;
  const interval = Number(/sampled every (\d+) bytes/.exec(result.shownText)[1]);
  return { estimate, truth, uncollected, interval };
}

/** Returns the error in percent that exceeds three standard errors of the number of samples behind the truth. */
function beyondNoise(estimate, truth, interval) {
  const noise = SIGMAS * Math.sqrt(Math.max(truth, interval) * interval);
  return (100 * Math.max(0, Math.abs(estimate - truth) - noise)) / Math.max(truth, interval);
}

function figuresOf(part, runs) {
  const total = ({ truth }) => sum(Object.values(truth));
  const estimated = ({ estimate }) => sum(Object.values(estimate));
  const row = (what, unit, pick, target) =>
    figure({ part, what, unit, values: runs.map(pick), ...(target && { target }) });
  const off = (run) => (100 * (estimated(run) - total(run))) / total(run);
  const big = Object.keys(runs[0].truth).filter((site) => runs[0].truth[site] > BIG_SHARE * total(runs[0]));
  return [
    row('reachable', 'MiB', (run) => total(run) / 2 ** 20),
    row('as shown, off by', '%', (run) => off(run) + (100 * run.uncollected) / total(run)),
    row('total, off by', '%', off),
    row(
      'total, off by, beyond 3 standard errors',
      '%',
      (run) => beyondNoise(estimated(run), total(run), run.interval),
      {
        atMost: TOTAL_PERCENT,
      },
    ),
    ...big.flatMap((site) => [
      row(`${site}, off by`, '%', (run) => (100 * (run.estimate[site] - run.truth[site])) / run.truth[site]),
      row(
        `${site}, off by, beyond 3 standard errors`,
        '%',
        (run) => beyondNoise(run.estimate[site], run.truth[site], run.interval),
        { atMost: SITE_PERCENT },
      ),
    ]),
  ];
}
