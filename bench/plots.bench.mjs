// Measures how the error falls with the number of pairs, for four estimators on the same polls of a real program. Makes
// docs/accuracy.md from this and the newest results of `accuracy`.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { note } from '../scripts/lib/bootstrap.mjs';
import { measureTruth } from './accuracy/compare.mjs';
import { ESTIMATORS, estimateAll, pairsOf, toStretches } from './accuracy/estimators.mjs';
import { accuracyPage } from './accuracy/page.mjs';
import { linePlot } from './accuracy/plot.mjs';
import { ALLOCATORS } from './allocators/index.mjs';
import { figure } from './lib/figure.mjs';
import { runProgram } from './lib/run-program.mjs';

const WORKLOAD = 'mixed';
/** A larger budget than the default gives more pairs: their number is the variable here. */
const OPTIONS = { samplingInterval: 65_536, cpuBudget: 0.02 };
const COUNTS = [4, 8, 16, 32, 64, 128];
const FULL = { seconds: 60, repetitions: 2, truths: 2, truthSeconds: 8 };
const QUICK = { seconds: 8, repetitions: 1, truths: 1, truthSeconds: 3 };
/** Smallest error that is drawn; smaller ones are drawn here, because a logarithmic axis has no zero. */
const SMALLEST = 0.01;

export async function run({ node, quick, report, docsFolder, resultFile, nodeVersion, machine }) {
  const plan = quick ? QUICK : FULL;
  const startedAt = new Date().toISOString();
  const truth = await measureTruth(node, WORKLOAD, plan);
  const runs = [];
  for (let i = 1; i <= plan.repetitions; i++) {
    note(`plots: ${WORKLOAD}, ${plan.seconds} s, run ${i} of ${plan.repetitions}`);
    const program = { workload: WORKLOAD, seconds: plan.seconds, options: OPTIONS };
    runs.push((await runProgram(node, 'record-readings', program)).readings);
  }
  const { SITES } = ALLOCATORS[WORKLOAD];
  const pairs = runs.map((readings) => pairsOf(readings));
  const errors = errorsByCount(runs, SITES, truth);
  report(figuresOf(errors, SITES));
  const on = { node: nodeVersion, machine, startedAt, quick };
  const page = accuracyPage({
    results: resultFile('accuracy'),
    on,
    sites: SITES,
    options: OPTIONS,
    plan,
    pairs,
  });
  write(docsFolder, page, plots(errors, SITES, truth));
  return { plan, options: OPTIONS, truth, errors, pairs };
}

/** Returns the root mean square error in points, by number of pairs, estimator and site, over disjoint stretches of the runs. */
function errorsByCount(runs, sites, truth) {
  return COUNTS.flatMap((count) => {
    const stretches = runs.flatMap((readings) => toStretches(readings, count));
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

/** Returns SVGs by site. */
function plots(errors, sites, truth) {
  return sites.map((site, at) => {
    const series = ESTIMATORS.map((name) => ({
      name,
      points: errors.map(({ count, byEstimator }) => [count, Math.max(SMALLEST, byEstimator[name][at])]),
    }));
    const svg = linePlot({
      title: `${site}: ${truth.shares[site].toPrecision(3)} % of all bytes`,
      xLabel: 'pairs',
      yLabel: 'error of the share, points (root mean square)',
      series,
      ticks: { x: errors.map(({ count }) => count), y: [SMALLEST, 0.1, 1, 10, 100] },
    });
    return { site, svg };
  });
}

function write(folder, page, drawn) {
  const plotFolder = path.join(folder, 'plots');
  mkdirSync(plotFolder, { recursive: true });
  for (const { site, svg } of drawn) writeFileSync(path.join(plotFolder, `${site}.svg`), svg);
  const file = path.join(folder, 'accuracy.md');
  writeFileSync(file, page);
  note(`${path.relative(process.cwd(), file)} written`);
}
