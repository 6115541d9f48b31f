// Whether the profile is right: functions that allocate in known ways, as heapray's own endpoint tells it, against
// V8's full account of the same rounds in other processes.
import {
  estimate,
  estimateFigures,
  inUseFigures,
  measureInUse,
  measureTruth,
  truthFigures,
} from './accuracy/compare.mjs';
import { ALLOCATORS } from './allocators/index.mjs';

const DEFAULT = { what: 'default interval', options: {} };
const FINE = { what: '64 KiB', options: { samplingInterval: 65_536 } };
const TRACED = { what: '8 KiB, traced', options: {}, traced: true };

const PARTS = { workloads: compareWorkloads, lengths: compareLengths };
const FULL = { seconds: 20, lengths: [10, 30, 60], repetitions: 3, truths: 2, truthSeconds: 8 };
const QUICK = { seconds: 4, lengths: [5], repetitions: 1, truths: 1, truthSeconds: 3 };

export async function run({ node, quick, parts, report }) {
  const plan = quick ? QUICK : FULL;
  const details = { plan };
  for (const [name, measure] of Object.entries(PARTS)) {
    if (parts.length > 0 && !parts.includes(name)) continue;
    details[name] = await measure(node, plan, report);
  }
  return details;
}

/** Every kind of program, allocated and in use. */
async function compareWorkloads(node, plan, report) {
  const details = [];
  for (const workload of Object.keys(ALLOCATORS)) {
    const truth = await measureTruth(node, workload, plan);
    report(truthFigures(workload, truth));
    for (const one of [DEFAULT, FINE]) {
      const runs = await repeat(node, { workload, seconds: plan.seconds, ...one }, plan, truth);
      // Runs differ in their rounds, and so in what these keep; the truth of one is enough to judge by.
      const inUse = await measureInUse(node, workload, runs[0].rounds);
      const part = `${workload}, ${one.what}`;
      report([...estimateFigures(part, runs, truth), ...inUseFigures(part, runs[0], inUse)]);
      details.push({ workload, what: one.what, seconds: plan.seconds, truth, runs, inUse });
    }
  }
  return details;
}

/** How the error falls with the length of the run. */
async function compareLengths(node, plan, report) {
  const workload = 'mixed';
  const truth = await measureTruth(node, workload, plan);
  report(truthFigures(workload, truth));
  const details = [];
  for (const seconds of plan.lengths) {
    for (const one of [DEFAULT, FINE, TRACED]) {
      const runs = await repeat(node, { workload, seconds, ...one }, plan, truth);
      report(estimateFigures(`${workload}, ${one.what}, ${seconds} s`, runs, truth));
      details.push({ workload, what: one.what, seconds, truth, runs });
    }
  }
  return details;
}

async function repeat(node, program, { repetitions }, truth) {
  const runs = [];
  for (let i = 0; i < repetitions; i++) runs.push(await estimate(node, program, truth));
  return runs;
}
