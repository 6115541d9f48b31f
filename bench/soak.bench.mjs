// Checks that heapray is stable over time.
//
// `service`: resident memory at the defaults, with the process traced and not, beside the same process without heapray.
//
// `fast`: a bounded number of series, the same memory, every poll accounted for, no suspects. Time runs 20 times faster than
// at the largest default interval: leak windows of 3 s, 20 times the samples and 20 times the processor time for polls. Limits in
// real time, such as the smallest gap between two pairs, stay as they are.
//
// Demands on series: no metric and no collection has more than docs/metrics.md allows, and their number does not rise after
// warm-up. It does vary: a call site that holds nothing has the value zero once and is then absent.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { figure } from './lib/figure.mjs';
import { runProgram } from './lib/run-program.mjs';
import { sum, trend } from './lib/statistics.mjs';

const SPEED = 20;
const MINUTES = { service: 15, fast: 10 };
const QUICK_MINUTES = 0.5;
/** When a rival takes the sampler, as parts of the run: once before figures are taken, once in the middle of it. */
const RIVAL_AT = [0.15, 0.6];
const LEAK_WINDOWS = 12;
const OPTIONS = {
  leakWindowSeconds: 60 / SPEED,
  cpuBudget: 0.005 * SPEED,
  samplingInterval: Math.round(524_288 / SPEED),
};
/**
 * Reasons of `heapray.profiler.lost_sampler` with which a poll ends without a result. A poll that finds the sampler
 * restarted counts as answered; the other reasons do not come from polls.
 */
const ENDINGS = ['stopped', 'failed'];
/** Part of the run after which all code has run and its memory is constant. */
const WARM_UP = 1 / 3;
/** The default of `maxCallSites`. */
const CALL_SITES = 10;
/**
 * Largest number of series of a metric with call sites: these and `other`; for counters `(dropped)`, for values that fall a
 * zero for each call site that has just lost its place.
 */
const SERIES = { counter: CALL_SITES + 2, gauge: 2 * CALL_SITES + 1 };
const KINDS = {
  'heapray.memory.allocated': 'counter',
  'heapray.memory.allocations': 'counter',
  'heapray.memory.retained': 'gauge',
  'heapray.memory.retained_objects': 'gauge',
  'heapray.memory.growth': 'gauge',
};
/** Largest number of series of all metrics together, at the defaults. */
const ALL_SERIES = 150;
/** A slope within this many standard errors of zero is none. */
const SIGMAS = 3;
/** A bounded heap, because V8 lets an unbounded one grow for much longer than ten minutes, with and without heapray. */
const FLAGS = ['--min-semi-space-size=16', '--max-semi-space-size=16', '--max-old-space-size=64'];

export async function run({ node, quick, minutes, parts, report }) {
  const wants = (part) => parts.length === 0 || parts.includes(part);
  const secondsOf = (part) => 60 * (quick ? QUICK_MINUTES : (minutes ?? MINUTES[part]));
  return {
    ...(wants('service') && { service: await runService(node, secondsOf('service'), report) }),
    ...(wants('fast') && { fast: await runFast(node, secondsOf('fast'), report) }),
  };
}

/** Runs the service at its own speed: without heapray, with it, and traced. */
async function runService(node, seconds, report) {
  const home = mkdtempSync(path.join(tmpdir(), 'heapray-soak-'));
  const traced = { component: 'soak', traceComponents: ['soak'], home };
  const arms = { without: undefined, 'at the defaults': {}, traced };
  try {
    const runs = await Promise.all(
      Object.entries(arms).map(async ([arm, options]) => {
        const program = { seconds, rivalAt: [], options, profiled: options !== undefined };
        const { looks, suspects } = await runProgram(node, 'soak', program, FLAGS);
        return { arm, looks, suspects };
      }),
    );
    report(slopeFigures(`service, ${(seconds / 60).toFixed(1)} min`, runs, seconds));
    return { seconds, runs };
  } finally {
    rmSync(home, { recursive: true });
  }
}

/** Compares how resident memory grows with heapray and without. */
function slopeFigures(part, runs, seconds) {
  const row = (what, unit, values, target) => figure({ part, what, unit, values, ...(target && { target }) });
  const [control, ...others] = runs.map(({ arm, looks, suspects }) => {
    const settled = afterWarmUp(looks, seconds);
    const values = settled.map(({ resident }) => resident);
    return {
      arm,
      values,
      suspects,
      ...trend(settled.map(({ second, resident }) => [second / 60, resident])),
    };
  });
  const both = ({ arm, values, slope, error }) => [
    row(`resident memory ${arm}`, 'MiB', values),
    row(`resident memory ${arm}, slope`, 'MiB/min', [slope]),
    row(`resident memory ${arm}, standard error of the slope`, 'MiB/min', [error]),
  ];
  return [
    ...both(control),
    ...others.flatMap((one) => [
      ...both(one),
      row(
        `slope ${one.arm} less that without, in standard errors`,
        '',
        [(one.slope - control.slope) / Math.hypot(one.error, control.error)],
        { atMost: SIGMAS },
      ),
      row(`leak suspects ${one.arm}, of which there are none`, '', [one.suspects.length], { atMost: 0 }),
    ]),
  ];
}

async function runFast(node, seconds, report) {
  const rivalAt = RIVAL_AT.map((part) => part * seconds);
  const [result, control] = await Promise.all(
    [true, false].map((profiled) =>
      runProgram(node, 'soak', { seconds, rivalAt, options: OPTIONS, profiled }, FLAGS),
    ),
  );
  const part = `soak, ${(seconds / 60).toFixed(1)} min at ${SPEED} times the speed`;
  const settled = afterWarmUp(result.looks, seconds);
  report([
    ...seriesFigures(part, settled),
    ...memoryFigures(part, settled, afterWarmUp(control.looks, seconds)),
    ...pollFigures(part, result.account),
    ...leakFigures(part, result, rivalAt, seconds),
  ]);
  return { seconds, speed: SPEED, rivalAt, options: OPTIONS, ...result, control };
}

function afterWarmUp(looks, seconds) {
  return looks.filter(({ second }) => second >= WARM_UP * seconds);
}

function seriesFigures(part, looks) {
  const names = [...new Set(looks.flatMap(({ series }) => Object.keys(series)))].sort();
  const counts = names.map((name) => looks.map(({ series }) => series[name] ?? 0));
  const totals = looks.map(({ series }) => sum(Object.values(series)));
  const most = (values, atMost) => ({ values, value: Math.max(...values), target: { atMost } });
  const { slope, error } = trend(looks.map(({ second }, at) => [second / 60, totals[at]]));
  return [
    ...names.map((name, at) => {
      const values = KINDS[name] ? most(counts[at], SERIES[KINDS[name]]) : { values: counts[at] };
      return figure({
        part,
        what: `series of ${name}${KINDS[name] ? ', at most' : ''}`,
        unit: '',
        ...values,
      });
    }),
    figure({ part, what: 'series of all metrics, at most', unit: '', ...most(totals, ALL_SERIES) }),
    figure({ part, what: 'series of all metrics, slope', unit: '/min', values: [slope] }),
    figure({
      part,
      what: 'series of all metrics, slope in standard errors',
      unit: '',
      values: [slope === 0 ? 0 : slope / error],
      target: { atMost: SIGMAS },
    }),
  ];
}

function memoryFigures(part, looks, control) {
  const row = (what, unit, values, target) => figure({ part, what, unit, values, ...(target && { target }) });
  const both = (key, what, of, target) => {
    const { slope, error } = trend(of.map((look) => [look.second / 60, look[key]]));
    return [
      row(
        what,
        'MiB',
        of.map((look) => look[key]),
      ),
      row(`${what}, slope`, 'MiB/min', [slope], target),
      row(`${what}, standard error of the slope`, 'MiB/min', [error]),
    ];
  };
  return [
    ...both('resident', 'resident memory', looks, { atMost: 1 }),
    ...both('resident', 'resident memory without heapray', control),
    ...both('profilerMib', "the profiler thread's heap", looks, { atMost: 0.5 }),
  ];
}

function pollFigures(part, { asked, answered, readings, lost }) {
  const row = (what, value, target) =>
    figure({ part, what, unit: '', values: [value], ...(target && { target }) });
  const endings = ENDINGS.reduce((sum, reason) => sum + (lost[reason] ?? 0), 0);
  return [
    row('polls asked', asked),
    row('polls answered', answered),
    row('polls counted as readings', readings),
    row('polls counted as having found no sampler', endings, { atLeast: RIVAL_AT.length }),
    row('polls not accounted for', Math.abs(asked - readings - endings), { atMost: 0 }),
  ];
}

/** Checks that nothing is suspected, over enough windows for a suspicion. */
function leakFigures(part, { looks, suspects, ticks }, rivalAt, seconds) {
  const row = (what, value, target) =>
    figure({ part, what, unit: '', values: [value], ...(target && { target }) });
  const longest = Math.max(seconds - rivalAt.at(-1), ...rivalAt.map((at, i) => at - (rivalAt[i - 1] ?? 0)));
  return [
    row('ticks of traffic, three requests each', ticks),
    row('samples', looks.at(-1).samples),
    row('leak windows in the longest time without a rival', longest / OPTIONS.leakWindowSeconds, {
      atLeast: 2 * LEAK_WINDOWS,
    }),
    row('leak suspects, of which there are none', suspects.length, { atMost: 0 }),
  ];
}
