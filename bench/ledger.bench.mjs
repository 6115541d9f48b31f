// Measures what the ledger costs the profiler thread: a poll result with many samples, and a call tree of many stacks.
import { figure } from './lib/figure.mjs';
import { runProgram } from './lib/run-program.mjs';

const FULL = { samples: 100_000, stacks: 20_000, readings: 30, nodes: 1_000_000, repetitions: 3 };
const QUICK = { samples: 100_000, stacks: 20_000, readings: 6, nodes: 1_000_000, repetitions: 1 };
const READING = { atMost: 60 };
const TREE = { atMost: 128 };

export async function run({ node, quick, report }) {
  const { repetitions, ...plan } = quick ? QUICK : FULL;
  const runs = [];
  for (let i = 0; i < repetitions; i++) runs.push(await runProgram(node, 'ledger', plan, ['--expose-gc']));
  report([...readingFigures(plan, runs), ...treeFigures(plan, runs)]);
  return { plan, runs };
}

/** Times are CPU times of the thread, so that other programs do not count. */
function readingFigures({ samples, stacks }, runs) {
  const part = `reading of ${samples} samples, ${stacks} stacks`;
  const row = (what, pick, target) =>
    figure({ part, what, unit: 'ms', values: runs.flatMap(pick), ...(target && { target }) });
  return [
    row('absorbed, a tenth of it new', (run) => run.steady, READING),
    row('the first one, everything new', (run) => run.first),
    row('the same, to start with cold code', (run) => run.cold),
  ];
}

function treeFigures({ nodes }, runs) {
  const part = `call tree of ${nodes} nodes`;
  const row = (what, unit, pick, target) =>
    figure({ part, what, unit, values: runs.map(pick), ...(target && { target }) });
  return [
    row('memory', 'MiB', (run) => run.tree.bytes / 2 ** 20, TREE),
    row('memory of a node', 'bytes', (run) => run.tree.bytes / nodes),
    row('with what the ledger keeps per node', 'MiB', (run) => run.tree.ledgerBytes / 2 ** 20, TREE),
    row('a stack found or made', 'ns', (run) => run.tree.nanos),
  ];
}
