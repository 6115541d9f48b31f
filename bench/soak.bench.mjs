// Whether heapray stays as it is over time: the same series, the same memory, every poll accounted for, nobody
// suspected. Time runs 20 times faster: leak windows of 3 s in place of a minute, and 20 times the samples and the
// processor time for polls that the defaults give. What has a floor in real time, as the gap between two pairs, keeps it.
import { figure } from './lib/figure.mjs';
import { runProgram } from './lib/run-program.mjs';
import { trend } from './lib/statistics.mjs';

const SPEED = 20;
const MINUTES = 10;
const QUICK_MINUTES = 0.5;
/** When a rival takes the sampler, as parts of the run: once before anything is judged, once in the middle of it. */
const RIVAL_AT = [0.15, 0.6];
const LEAK_WINDOWS = 12;
const OPTIONS = {
  leakWindow: 60 / SPEED,
  cpuBudget: 0.005 * SPEED,
  samplingInterval: Math.round(524_288 / SPEED),
};
/**
 * What a poll ends with when it brings no reading. A poll that finds the sampler restarted counts as one that was
 * answered; the other reasons are no polls.
 */
const ENDINGS = ['stopped', 'failed'];
/** Until then all code has had its turn, and what is kept of it has its size. */
const WARM_UP = 1 / 3;
/** Ages by which a call site's retained bytes are split; a series comes with the first bytes of such an age. */
const AGES = 5;
/** A bounded heap: V8 lets a free one grow for much longer than ten minutes, with and without heapray. */
const FLAGS = ['--min-semi-space-size=16', '--max-semi-space-size=16', '--max-old-space-size=64'];

export async function run({ node, quick, minutes = MINUTES, report }) {
  const seconds = 60 * (quick ? QUICK_MINUTES : minutes);
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
  const changes = counts.map((values) => Math.max(...values) - Math.min(...values));
  return [
    ...names.map((name, at) => figure({ part, what: `series of ${name}`, unit: '', values: counts[at] })),
    figure({
      part,
      what: 'largest change of a number of series',
      unit: '',
      values: [Math.max(...changes)],
      target: { atMost: 0 },
    }),
    figure({
      part,
      what: 'series of retained bytes for each call site',
      unit: '',
      values: looks.map(
        ({ series }) => series['heapray.memory.retained'] / series['heapray.memory.allocated'],
      ),
      target: { atMost: AGES },
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

/** Nobody leaks. That means something only where there were windows enough for a suspicion. */
function leakFigures(part, { looks, suspects, ticks }, rivalAt, seconds) {
  const row = (what, value, target) =>
    figure({ part, what, unit: '', values: [value], ...(target && { target }) });
  const longest = Math.max(seconds - rivalAt.at(-1), ...rivalAt.map((at, i) => at - (rivalAt[i - 1] ?? 0)));
  return [
    row('ticks of traffic, three requests each', ticks),
    row('samples', looks.at(-1).samples),
    row('leak windows in the longest time without a rival', longest / OPTIONS.leakWindow, {
      atLeast: 2 * LEAK_WINDOWS,
    }),
    row('leak suspects, of which there are none', suspects.length, { atMost: 0 }),
  ];
}
