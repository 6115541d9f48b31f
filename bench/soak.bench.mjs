// Whether heapray stays as it is over time: the same series, the same memory, every poll accounted for. Time runs 20
// times faster: windows of 3 s in place of a minute, polls ten times as often, a rival for the sampler every 20 s.
import { figure } from './lib/figure.mjs';
import { runProgram } from './lib/run-program.mjs';
import { slope } from './lib/statistics.mjs';

const SPEED = 20;
const MINUTES = 10;
const QUICK_MINUTES = 0.5;
const RIVAL_SECONDS = 20;
const OPTIONS = {
  leakWindow: 60 / SPEED,
  cpuBudget: 0.05,
  samplingInterval: 32_768,
  maxCallSites: 20,
};
/** What a poll ends with when it brings no reading. The other reasons are no polls: starts that were refused. */
const ENDINGS = ['stopped', 'failed', 'restarted'];
/** Until then all code has had its turn, and what is kept of it has its size. */
const WARM_UP = 1 / 3;
const FLAGS = ['--min-semi-space-size=16', '--max-semi-space-size=16'];

export async function run({ node, quick, minutes = MINUTES, report }) {
  const seconds = 60 * (quick ? QUICK_MINUTES : minutes);
  const options = { seconds, rivalSeconds: RIVAL_SECONDS, options: OPTIONS };
  const [result, control] = await Promise.all(
    [true, false].map((profiled) => runProgram(node, 'soak', { ...options, profiled }, FLAGS)),
  );
  report(figures(result, control, seconds));
  return { seconds, speed: SPEED, options: OPTIONS, ...result, control: control.looks };
}

function figures({ looks, last, seen, suspects }, control, seconds) {
  const part = `soak, ${(seconds / 60).toFixed(1)} min at ${SPEED} times the speed`;
  const row = (what, unit, values, target) => figure({ part, what, unit, values, ...(target && { target }) });
  const afterWarmUp = (all) => all.filter(({ second }) => second >= WARM_UP * seconds);
  const settled = afterWarmUp(looks);
  const trend = (key, of = settled) => slope(of.map((look) => [look.second / 60, look[key]]));
  const endings = ENDINGS.reduce((sum, reason) => sum + (last.lost[reason] ?? 0), 0);
  const series = settled.map((look) => look.series);
  const change = Math.max(...series) - Math.min(...series);
  return [
    row('series', '', series),
    row('change of the number of series', '', [change], { atMost: 0 }),
    row(
      'call sites with series of their own',
      '',
      settled.map(({ sites }) => sites),
      {
        atMost: 2 * OPTIONS.maxCallSites + 1,
      },
    ),
    row(
      'resident memory',
      'MiB',
      settled.map(({ resident }) => resident),
    ),
    row('its slope', 'MiB/min', [trend('resident')], { atMost: 1 }),
    row('control without heapray', 'MiB/min', [trend('resident', afterWarmUp(control.looks))]),
    row(
      "the profiler thread's heap",
      'MiB',
      settled.map(({ profilerMib }) => profilerMib),
    ),
    row('its slope', 'MiB/min', [trend('profilerMib')], { atMost: 0.5 }),
    row('polls', '', [seen]),
    row('polls that brought a reading', '', [last.readings]),
    row('polls that found the sampler gone', '', [endings], {
      atLeast: Math.min(1, Math.floor(seconds / RIVAL_SECONDS)),
    }),
    row('polls not accounted for', '', [Math.abs(seen - last.readings - endings)], { atMost: 0 }),
    row('samples', '', [last.samples]),
    row('leak suspects, of which there are none', '', [suspects.length], { atMost: 0 }),
  ];
}
