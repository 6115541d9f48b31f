// How the error falls with the number of pairs, for four estimators from the same readings of a real program; and
// the page docs/accuracy.md with it, made from this and the newest results of `accuracy`.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../scripts/lib/bootstrap.mjs';
import { measureTruth } from './accuracy/compare.mjs';
import { ESTIMATORS, estimateAll, toPairs } from './accuracy/estimators.mjs';
import { accuracyPage } from './accuracy/page.mjs';
import { linePlot } from './accuracy/plot.mjs';
import { ALLOCATORS } from './allocators/index.mjs';
import { figure } from './lib/figure.mjs';
import { runProgram } from './lib/run-program.mjs';

const WORKLOAD = 'mixed';
/** More pairs than the default budget gives: their number is what is varied. */
const OPTIONS = { samplingInterval: 65_536, cpuBudget: 0.02 };
const COUNTS = [4, 8, 16, 32, 64, 128];
const FULL = { seconds: 60, repetitions: 4, truths: 3, truthSeconds: 8 };
const QUICK = { seconds: 8, repetitions: 1, truths: 1, truthSeconds: 3 };
/** What is closer than this is drawn here: the axis has no zero. */
const SMALLEST = 0.01;

export async function run({ node, quick, report }) {
  const plan = quick ? QUICK : FULL;
  const truth = await measureTruth(node, WORKLOAD, plan);
  const runs = [];
  for (let i = 0; i < plan.repetitions; i++) {
    const program = { workload: WORKLOAD, seconds: plan.seconds, options: OPTIONS };
    const { readings } = await runProgram(node, 'record-readings', program);
    runs.push(toPairs(readings));
  }
  const { SITES } = ALLOCATORS[WORKLOAD];
  const errors = errorsByCount(runs, SITES, truth);
  report(figuresOf(errors, SITES));
  if (!quick) writePage({ errors, plan, truth, pairs: runs.map((pairs) => pairs.length) });
  return { plan, options: OPTIONS, truth, errors, pairs: runs.map((pairs) => pairs.length) };
}

/** By number of pairs, estimator and site: the root mean square error in points, over disjoint stretches of the runs. */
function errorsByCount(runs, sites, truth) {
  return COUNTS.flatMap((count) => {
    const stretches = runs.flatMap((pairs) => disjoint(pairs, count));
    if (stretches.length < 2) return [];
    const estimates = stretches.map((stretch) => estimateAll(stretch, sites.length));
    const bySite = (estimator) =>
      sites.map((site, at) => rms(estimates.map((one) => one[estimator][at] - truth.shares[site])));
    return [
      {
        count,
        stretches: stretches.length,
        byEstimator: Object.fromEntries(ESTIMATORS.map((estimator) => [estimator, bySite(estimator)])),
      },
    ];
  });
}

function disjoint(pairs, count) {
  const stretches = [];
  for (let from = 0; from + count <= pairs.length; from += count)
    stretches.push(pairs.slice(from, from + count));
  return stretches;
}

function rms(values) {
  return Math.sqrt(values.reduce((total, value) => total + value ** 2, 0) / values.length);
}

function figuresOf(errors, sites) {
  return errors.flatMap(({ count, byEstimator }) =>
    ESTIMATORS.flatMap((estimator) =>
      sites.map((site, at) =>
        figure({
          part: `${count} pairs, ${estimator}`,
          what: `${site}, off by`,
          unit: 'points',
          values: [byEstimator[estimator][at]],
        }),
      ),
    ),
  );
}

function writePage(measured) {
  const folder = path.join(ROOT, 'docs', 'plots');
  mkdirSync(folder, { recursive: true });
  const { SITES } = ALLOCATORS[WORKLOAD];
  for (const [at, site] of SITES.entries()) {
    const series = ESTIMATORS.map((name) => ({
      name,
      points: measured.errors.map(({ count, byEstimator }) => [
        count,
        Math.max(SMALLEST, byEstimator[name][at]),
      ]),
    }));
    const svg = linePlot({
      title: `${site}: ${measured.truth.shares[site].toPrecision(3)} % of all bytes`,
      xLabel: 'pairs',
      yLabel: 'error of the share, points (root mean square)',
      series,
      ticks: { x: measured.errors.map(({ count }) => count), y: [SMALLEST, 0.1, 1, 10, 100] },
    });
    writeFileSync(path.join(folder, `${site}.svg`), svg);
  }
  writeFileSync(
    path.join(ROOT, 'docs', 'accuracy.md'),
    accuracyPage({ ...measured, sites: SITES, options: OPTIONS }),
  );
}
