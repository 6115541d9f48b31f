// Measures what the V8 flags of `accurateStacks` cost by workload. Processes with and without them take turns, as in `throughput`.
import { figure } from '../lib/figure.mjs';
import { rounds } from '../lib/rounds.mjs';
import { sum } from '../lib/statistics.mjs';
import { TurnTaker } from '../lib/turn-taker.mjs';
import { INLINED_WORKLOADS, WORKLOADS } from '../workloads/index.mjs';

/** `again` is a second `none`, which shows the noise. */
const ARMS = { none: 'none', again: 'none', accurate: 'exact-stack-flags' };
const COMPARISONS = [
  { what: 'A/A control', arm: 'again' },
  { what: 'accurate stacks', arm: 'accurate' },
];
/** As in `throughput`: the young generation has its full size from the start. */
const FLAGS = ['--min-semi-space-size=16', '--max-semi-space-size=16'];
const TURN_MILLIS = 200;
const FULL = { sets: 5, turns: 8, warmUpMillis: 1_500 };
const QUICK = { sets: 3, turns: 4, warmUpMillis: 500 };

export async function measureAccurateStacks({ node, quick, report }) {
  const plan = quick ? QUICK : FULL;
  const details = {};
  for (const workload of Object.keys({ ...WORKLOADS, ...INLINED_WORKLOADS })) {
    const sets = [];
    for (let i = 0; i < plan.sets; i++) sets.push(await measureSet(node, workload, plan));
    details[workload] = sets;
    report(
      COMPARISONS.map(({ what, arm }) =>
        figure({
          part: `accurate-stacks, ${workload}`,
          what: `${what}, CPU time`,
          unit: 'x',
          values: sets.map((set) => set[arm] / set.none),
        }),
      ),
    );
  }
  return details;
}

/** Runs one process per arm; returns the CPU time of each arm's turns, in ms. */
async function measureSet(node, workload, { turns, warmUpMillis }) {
  const arms = Object.keys(ARMS);
  const takers = Object.fromEntries(
    arms.map((arm) => [arm, new TurnTaker(node, 'throughput', { workload, mode: ARMS[arm] }, FLAGS)]),
  );
  try {
    let perChunk = 0;
    for (const taker of Object.values(takers)) {
      for (let spent = 0; spent < warmUpMillis; ) {
        const { cpu } = await taker.turn(4);
        spent += cpu;
        perChunk = Math.max(perChunk, cpu / 4);
      }
    }
    const chunks = Math.max(1, Math.round(TURN_MILLIS / perChunk));
    const costs = Object.fromEntries(arms.map((arm) => [arm, []]));
    for (const order of rounds(arms, turns)) {
      for (const arm of order) costs[arm].push((await takers[arm].turn(chunks)).cpu);
    }
    return Object.fromEntries(arms.map((arm) => [arm, sum(costs[arm])]));
  } finally {
    await Promise.all(Object.values(takers).map((taker) => taker.stop()));
  }
}
