// Measures whether polls cause major collections: the same work with and without heapray, and the collections that
// happen during a poll. V8's predictable schedule makes its decisions independent of time; without it, the counts of
// two equal runs differ.
import { figure } from '../lib/figure.mjs';
import { rounds } from '../lib/rounds.mjs';
import { runProgram } from '../lib/run-program.mjs';

const SCHEDULES = [
  { name: 'predictable schedule', flags: ['--predictable-gc-schedule'], target: { atMost: 0 } },
  { name: 'default schedule', flags: [], target: undefined },
];
const PROGRAM = { megabytes: 100, options: { cpuBudget: 0.5 } };
const FULL = { pairs: 9, chunks: 300 };
const QUICK = { pairs: 2, chunks: 100 };

export async function measureCollections({ node, quick, report }) {
  const { pairs, chunks } = quick ? QUICK : FULL;
  const details = {};
  for (const schedule of SCHEDULES) {
    const runs = [];
    for (const order of rounds(['none', 'heapray'], pairs)) {
      const pair = {};
      for (const mode of order) {
        pair[mode] = await runProgram(node, 'collections', { ...PROGRAM, mode, chunks }, schedule.flags);
      }
      runs.push(pair);
    }
    details[schedule.name] = runs;
    report(figures(schedule, runs));
  }
  return details;
}

function figures({ name, target }, runs) {
  const part = `collections, ${name}`;
  const row = (what, pick, goal) =>
    figure({ part, what, unit: '', values: runs.map(pick), ...(goal && { target: goal }) });
  return [
    row('major, without heapray', ({ none }) => none.majors),
    row('major, with heapray', ({ heapray }) => heapray.majors),
    row('major, difference', ({ none, heapray }) => heapray.majors - none.majors, target),
    row('major inside of a poll', ({ heapray }) => heapray.inPoll, { atMost: 0 }),
    row('polls', ({ heapray }) => heapray.polls),
    row('minor, difference', ({ none, heapray }) => heapray.minors - none.minors),
  ];
}
