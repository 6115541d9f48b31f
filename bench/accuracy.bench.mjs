// Whether the profile is right: three functions that allocate objects of short, middle and long life, as
// heapray's own endpoint tells it, against V8's full account of the same rounds in other processes.
import { bytesBySite } from './lib/bytes-by-site.mjs';
import { figure } from './lib/figure.mjs';
import { runProgram } from './lib/run-program.mjs';
import { sum } from './lib/statistics.mjs';
import { SITES } from './programs/three-sites.mjs';

const CASES = [
  { what: 'default interval', options: {} },
  { what: '64 KiB', options: { samplingInterval: 65_536 } },
  { what: '8 KiB, traced', options: {}, traced: true },
];
const TRUTH = { seconds: 8, samplingInterval: 16_384 };
const FULL = { seconds: [10, 30, 60], repetitions: 3, truths: 3 };
const QUICK = { seconds: [5], repetitions: 1, truths: 1 };
const POINTS = { atMost: 2 };
const PERCENT = { atMost: 2 };

export async function run({ node, quick, report }) {
  const plan = quick ? QUICK : FULL;
  const truth = await measureTruth(node, plan.truths);
  report(truthFigures(truth));
  const details = { truth: truth.perRound, runs: [] };
  for (const seconds of plan.seconds) {
    for (const { what, options, traced } of CASES) {
      const runs = [];
      for (let i = 0; i < plan.repetitions; i++) {
        runs.push(await estimate(node, { seconds, options, traced }, truth));
      }
      report(figures(`${what}, ${seconds} s`, runs));
      details.runs.push({ what, seconds, runs });
    }
  }
  return details;
}

/** What one round allocates, in bytes by site: the mean of some processes. */
async function measureTruth(node, count) {
  const runs = [];
  for (let i = 0; i < count; i++) {
    const { rounds, bytes } = await runProgram(node, 'truth', TRUTH);
    runs.push(Object.fromEntries(SITES.map((site) => [site, bytes[site] / rounds])));
  }
  const perRound = Object.fromEntries(SITES.map((site) => [site, sum(runs.map((run) => run[site])) / count]));
  return { runs, perRound, shares: shares(perRound) };
}

/** One run of heapray, with what it says held against the truth. */
async function estimate(node, program, truth) {
  const { rounds, profile } = await runProgram(node, 'accuracy', program);
  const { bytes, comments } = bytesBySite(Buffer.from(profile, 'base64'), 'alloc_space', SITES);
  const estimated = Object.fromEntries(SITES.map((site) => [site, bytes[site]]));
  const share = shares(estimated);
  // Samples without any evidence are part of the total, and of no site.
  const total = sum(Object.values(estimated)) + bytes['(unobserved)'];
  const trueTotal = sum(Object.values(truth.perRound)) * rounds;
  return {
    rounds,
    share,
    points: Object.fromEntries(SITES.map((site) => [site, share[site] - truth.shares[site]])),
    totalPercent: (100 * (total - trueTotal)) / trueTotal,
    unobservedPercent: (100 * bytes['(unobserved)']) / total,
    comments,
  };
}

function shares(bytes) {
  const total = sum(SITES.map((site) => bytes[site]));
  return Object.fromEntries(SITES.map((site) => [site, (100 * bytes[site]) / total]));
}

function truthFigures({ runs, perRound }) {
  const rows = SITES.map((site) =>
    figure({ part: 'truth', what: site, unit: '%', values: runs.map((run) => shares(run)[site]) }),
  );
  const totals = runs.map((run) => sum(Object.values(run)) / 2 ** 20);
  const value = sum(Object.values(perRound)) / 2 ** 20;
  return [
    ...rows,
    figure({ part: 'truth', what: 'allocated in a round', unit: 'MiB', values: totals, value }),
  ];
}

/** Against the targets count the medians, of the sizes of the errors and not of the errors: signs must not cancel. */
function figures(part, runs) {
  const perSite = SITES.flatMap((site) => [
    figure({ part, what: `${site}, estimated`, unit: '%', values: runs.map((run) => run.share[site]) }),
    figure({
      part,
      what: `${site}, off by`,
      unit: 'points',
      values: runs.map((run) => Math.abs(run.points[site])),
      target: POINTS,
    }),
  ]);
  return [
    ...perSite,
    figure({
      part,
      what: 'total, off by',
      unit: '%',
      values: runs.map((run) => Math.abs(run.totalPercent)),
      target: PERCENT,
    }),
    figure({ part, what: 'unobserved', unit: '%', values: runs.map((run) => run.unobservedPercent) }),
  ];
}
