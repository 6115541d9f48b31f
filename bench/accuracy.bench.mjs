// Measures the accuracy of profiles: functions allocate in known ways, and what heapray's debug server reports of them is
// compared with V8's full account of the same rounds in other processes.
import { note } from '../scripts/lib/bootstrap.mjs';
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
/** Time for all workloads together; the length of a run follows from it. */
const MINUTES = 21;
const FULL = { lengths: [10, 30, 60], repetitions: 2, truths: 2, truthSeconds: 8 };
const QUICK = { seconds: 4, lengths: [5], repetitions: 1, truths: 1, truthSeconds: 3 };
/** Time that a process needs to start and to end. */
const START_SECONDS = 1.5;
/** Cost of an in-use measurement, in runs: it takes far more samples than a run. */
const IN_USE_RUNS = 1.75;

export async function run({ node, quick, minutes = MINUTES, parts, report }) {
  const plan = quick ? QUICK : { ...FULL, seconds: secondsOfRun(minutes) };
  const details = { plan };
  for (const [name, measure] of Object.entries(PARTS)) {
    if (parts.length > 0 && !parts.includes(name)) continue;
    const figures = [];
    const reportPart = (more) => {
      figures.push(...more);
      report(more);
    };
    details[name] = { measured: await measure(node, plan, reportPart), figures };
  }
  return details;
}

function secondsOfRun(minutes) {
  const perWorkload = (60 * minutes) / Object.keys(ALLOCATORS).length - FULL.truthSeconds - START_SECONDS;
  const runs = [DEFAULT, FINE].length * FULL.repetitions + IN_USE_RUNS;
  return Math.max(1, Math.floor(perWorkload / runs - START_SECONDS));
}

/** Measures every kind of program, allocated and in use. */
async function compareWorkloads(node, plan, report) {
  const details = [];
  const names = Object.keys(ALLOCATORS);
  for (const [at, workload] of names.entries()) {
    note(`accuracy: ${workload}, ${at + 1} of ${names.length} workloads, runs of ${plan.seconds} s`);
    const truth = await measureTruth(node, workload, plan);
    report(truthFigures(workload, truth));
    const measured = [];
    for (const one of [DEFAULT, FINE]) {
      const runs = await repeat(node, { workload, seconds: plan.seconds, ...one }, plan, truth);
      measured.push({ one, runs });
    }
    // Runs differ in their number of rounds, and so in what these keep; the truth of one run is enough to compare with.
    const inUse = await Promise.all(measured.map(({ runs }) => measureInUse(node, workload, runs[0].rounds)));
    for (const [i, { one, runs }] of measured.entries()) {
      const part = `${workload}, ${one.what}`;
      report([...estimateFigures(part, runs, truth), ...inUseFigures(part, runs[0], inUse[i])]);
      details.push({ workload, what: one.what, seconds: plan.seconds, truth, runs, inUse: inUse[i] });
    }
  }
  return details;
}

/** Measures how the error falls with the length of the run. */
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
  for (let i = 1; i <= repetitions; i++) {
    note(`accuracy: ${program.workload}, ${program.what}, ${program.seconds} s, run ${i} of ${repetitions}`);
    runs.push(await estimate(node, program, truth));
  }
  return runs;
}
