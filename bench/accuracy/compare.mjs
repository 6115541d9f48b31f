// Compares one run of a measured program with the truth, and makes figures of that.
import { ALLOCATORS } from '../allocators/index.mjs';
import { bytesBySite } from '../lib/bytes-by-site.mjs';
import { figure } from '../lib/figure.mjs';
import { runProgram } from '../lib/run-program.mjs';
import { mean, sum } from '../lib/statistics.mjs';

const TRUTH_INTERVAL = 16_384;
/** Goal for a share, in points. */
const POINTS = { atMost: 1 };
const PERCENT = { atMost: 1 };
/** Goal for the share of rare functions that keep what they allocate, in percent of the share. */
const RARE_PERCENT = { atMost: 25 };
const RARE = { from: 0.2, to: 2 };
const IN_USE_PERCENT = { atMost: 3 };
const BIG_IN_USE = 5;
const BIG_IN_USE_BYTES = 2 ** 20;

/** Returns what one round allocates, in bytes by site, with `rest` for other code: the mean of several processes. */
export async function measureTruth(node, workload, { truths, truthSeconds }) {
  const options = { workload, seconds: truthSeconds, samplingInterval: TRUTH_INTERVAL };
  // Run them side by side: what a round allocates does not depend on its speed.
  const runs = await Promise.all(
    Array.from({ length: truths }, async () => {
      const { rounds, bytes } = await runProgram(node, 'truth', options);
      return mapValues(bytes, (value) => value / rounds);
    }),
  );
  const perRound = mapValues(runs[0], (_, site) => mean(runs.map((run) => run[site])));
  return { runs, perRound, shares: shares(workload, perRound) };
}

/** Runs heapray once and compares its profile with the truth. */
export async function estimate(node, program, truth) {
  const { workload } = program;
  const { rounds, profile } = await runProgram(node, 'accuracy', program, ['--expose-gc']);
  const { SITES } = ALLOCATORS[workload];
  const pprof = Buffer.from(profile, 'base64');
  const { bytes, comments } = bytesBySite(pprof, 'alloc_space', SITES);
  const share = shares(workload, bytes);
  // Shares of the sites alone, because `rest` includes heapray's own allocations. `(unobserved)` bytes belong to both.
  const ofRound = sum(SITES.map((site) => truth.perRound[site]));
  const unobserved = (bytes['(unobserved)'] * ofRound) / (ofRound + truth.perRound.rest);
  const total = sum(SITES.map((site) => bytes[site])) + unobserved;
  const trueTotal = ofRound * rounds;
  return {
    rounds,
    share,
    points: mapValues(share, (value, site) => value - truth.shares[site]),
    totalPercent: (100 * (total - trueTotal)) / trueTotal,
    unobservedPercent: (100 * unobserved) / (total || 1),
    inUse: bytesBySite(pprof, 'inuse_space', SITES).bytes,
    comments,
  };
}

/** Returns what the same number of rounds has in use at its end, in bytes by site. */
export async function measureInUse(node, workload, rounds) {
  const { IN_USE_INTERVAL = 2_048 } = ALLOCATORS[workload];
  const options = { workload, rounds, inUse: true, samplingInterval: IN_USE_INTERVAL };
  return (await runProgram(node, 'truth', options)).bytes;
}

function shares(workload, bytes) {
  const { SITES } = ALLOCATORS[workload];
  const total = sum(SITES.map((site) => bytes[site]));
  return Object.fromEntries(SITES.map((site) => [site, (100 * bytes[site]) / total]));
}

export function truthFigures(workload, truth) {
  const { SITES } = ALLOCATORS[workload];
  const values = (site) => truth.runs.map((run) => shares(workload, run)[site]);
  const part = `${workload}: truth`;
  return SITES.map((site) => figure({ part, what: site, unit: '%', values: values(site) }));
}

/** Compares the median of the absolute errors with the goals; signed errors would cancel. */
export function estimateFigures(part, runs, truth) {
  const row = (what, unit, pick, target) =>
    figure({ part, what, unit, values: runs.map((run) => Math.abs(pick(run))), ...(target && { target }) });
  const perSite = Object.entries(truth.shares).flatMap(([site, share]) => [
    figure({ part, what: `${site}, estimated`, unit: '%', values: runs.map((run) => run.share[site]) }),
    row(`${site}, off by`, 'points', (run) => run.points[site], POINTS),
    ...(share >= RARE.from && share <= RARE.to
      ? [row(`${site}, off by`, '% of its share', (run) => (100 * run.points[site]) / share, RARE_PERCENT)]
      : []),
  ]);
  return [
    ...perSite,
    row('total, off by', '%', (run) => run.totalPercent, PERCENT),
    row('unobserved', '%', (run) => run.unobservedPercent),
  ];
}

/** Returns figures for sites that hold more than a twentieth of what is in use, and more than a MiB. */
export function inUseFigures(part, run, truth) {
  const total = sum(Object.values(truth));
  const big = Object.keys(truth).filter(
    (site) => site !== 'rest' && (100 * truth[site]) / total > BIG_IN_USE && truth[site] > BIG_IN_USE_BYTES,
  );
  return big.map((site) => {
    const values = [Math.abs((100 * (run.inUse[site] - truth[site])) / truth[site])];
    return figure({ part, what: `${site}, in use, off by`, unit: '%', values, target: IN_USE_PERCENT });
  });
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}
