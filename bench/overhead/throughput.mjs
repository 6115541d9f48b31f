// Measures throughput with heapray against without. The processes of all arms live at the same time and take short
// turns, so that other programs on the machine affect all of them alike. A process is compared with its
// neighbours only. Several sets of processes are made, because memory layout and compilation differ by chance between
// processes.
import { execFileSync } from 'node:child_process';
import { figure } from '../lib/figure.mjs';
import { rounds } from '../lib/rounds.mjs';
import { sum } from '../lib/statistics.mjs';
import { TurnTaker } from '../lib/turn-taker.mjs';
import { WORKLOADS } from '../workloads/index.mjs';

/**
 * The arms of the comparison. `again` is a second `none`, which shows the noise. The arms of `@datadog/pprof` do nothing by
 * themselves, so they take profiles in the measured part, far more often than once a minute. Only part of the cost of a
 * profile counts: the measured time as a part of a minute.
 */
const ARMS = {
  none: 'none',
  again: 'none',
  heapray: 'heapray',
  sdk: 'sdk',
  sdkHeapray: 'sdk-heapray',
  datadog: 'datadog',
};
/** Only on Node versions in which the sampler can report freed objects. */
const ALLOCATIONS_ARM = { datadogAllocations: 'datadog-allocations' };
const ALLOCATIONS_NODE = 26;
const COMPARISONS = [
  { what: 'A/A control', base: 'none', arm: 'again' },
  { what: 'heapray', base: 'none', arm: 'heapray', target: { atLeast: 0.99 } },
  { what: 'heapray in the SDK', base: 'sdk', arm: 'sdkHeapray', target: { atLeast: 0.99 } },
  { what: '@datadog/pprof', base: 'none', arm: 'datadog' },
  { what: '@datadog/pprof with allocations', base: 'none', arm: 'datadogAllocations' },
];
/**
 * Flags that give the young generation its full size from the start. V8 doubles it after a number of surviving bytes, and
 * any loaded module may trigger that early. Short-lived buffers fit a small one into the processor's cache, so the same
 * program differs by a fifth.
 */
const FLAGS = ['--min-semi-space-size=16', '--max-semi-space-size=16'];
const PROFILED_ARMS = ['datadog', 'datadogAllocations'];
const PROFILE_MILLIS = 60_000;
/** Number of rounds of turns from one profile to the next. */
const PROFILE_EVERY = 3;
const TURN_MILLIS = 200;
const FULL = { sets: 9, turns: 12, warmUpMillis: 1_500 };
const QUICK = { sets: 3, turns: 6, warmUpMillis: 500 };

export async function measureThroughput({ node, quick, report }) {
  const plan = quick ? QUICK : FULL;
  const details = {};
  for (const workload of Object.keys(WORKLOADS)) {
    const sets = [];
    for (let i = 0; i < plan.sets; i++) sets.push(await measureSet(node, workload, plan));
    details[workload] = sets;
    const made = COMPARISONS.filter(({ arm }) => sets.every((set) => set[arm]));
    report(made.flatMap((comparison) => figures(workload, sets, comparison)));
  }
  return details;
}

function figures(workload, sets, { what, base, arm, target }) {
  const ratios = (cost) => sets.map((set) => set[base][cost] / set[arm][cost]);
  const part = `throughput, ${workload}`;
  const profiles = sets.map((set) => set[arm].profiles).filter(Boolean);
  const profileRow = (name, unit, pick) =>
    figure({ part, what: `${what}, ${name}`, unit, values: profiles.map(pick) });
  return [
    figure({ part, what: `${what}, by CPU time`, unit: 'x', values: ratios('cpu'), target }),
    figure({ part, what: `${what}, by the clock`, unit: 'x', values: ratios('wall') }),
    ...(profiles.length === 0
      ? []
      : [
          profileRow('profiles taken in a set', '', ({ taken }) => taken),
          profileRow('profiles counted in a set (one a minute)', '', ({ counted }) => counted),
          profileRow('a profile, CPU time', 'ms', ({ cpu }) => cpu),
          profileRow('a profile, by the clock', 'ms', ({ wall }) => wall),
        ]),
  ];
}

/** Runs one process per arm; returns the total cost of each arm's turns. */
async function measureSet(node, workload, { turns, warmUpMillis }) {
  const modes = armsOn(node);
  const arms = Object.keys(modes);
  const takers = Object.fromEntries(
    arms.map((arm) => [arm, new TurnTaker(node, 'throughput', { workload, mode: modes[arm] }, FLAGS)]),
  );
  try {
    const chunks = await warmUp(takers, warmUpMillis);
    const costs = Object.fromEntries(arms.map((arm) => [arm, { turns: [], profiles: [] }]));
    let round = 0;
    for (const order of rounds(arms, turns)) {
      const profiled = ++round % PROFILE_EVERY === 0;
      for (const arm of order) {
        costs[arm].turns.push(await takers[arm].turn(chunks));
        if (profiled && PROFILED_ARMS.includes(arm)) costs[arm].profiles.push(await takers[arm].profile());
      }
    }
    return Object.fromEntries(arms.map((arm) => [arm, totalCost(costs[arm])]));
  } finally {
    await Promise.all(Object.values(takers).map((taker) => taker.stop()));
  }
}

/** Returns the cost of all turns, and of one profile a minute in arms that take profiles. */
function totalCost({ turns, profiles }) {
  const of = (all, clock) => sum(all.map((one) => one[clock]));
  const work = { cpu: of(turns, 'cpu'), wall: of(turns, 'wall') };
  if (profiles.length === 0) return work;
  const counted = work.wall / PROFILE_MILLIS;
  const one = { cpu: of(profiles, 'cpu') / profiles.length, wall: of(profiles, 'wall') / profiles.length };
  return {
    cpu: work.cpu + counted * one.cpu,
    wall: work.wall + counted * one.wall,
    profiles: { taken: profiles.length, counted, ...one },
  };
}

/** Lets the code be optimized and the profiler find its interval; returns how many chunks fill a turn. */
async function warmUp(takers, millis) {
  let perChunk = 0;
  for (const taker of Object.values(takers)) {
    for (let spent = 0; spent < millis; ) {
      const { cpu } = await taker.turn(4);
      spent += cpu;
      perChunk = cpu / 4;
    }
  }
  return Math.max(1, Math.round(TURN_MILLIS / perChunk));
}

function armsOn(node) {
  const version = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  return Number.parseInt(version, 10) >= ALLOCATIONS_NODE ? { ...ARMS, ...ALLOCATIONS_ARM } : ARMS;
}
