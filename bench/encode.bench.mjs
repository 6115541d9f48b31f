// Measures what it takes to encode a large profile as pprof and OTLP, against pprof-format and a bare writer.
import { figure } from './lib/figure.mjs';
import { runProgram } from './lib/run-program.mjs';

const PROFILE = { samples: 20_000, depth: 24, functions: 3_000, locations: 6_000 };
const FULL = 40;
const QUICK = 10;
const SHAPES = [
  { part: 'stacks that share callers', shared: true },
  { part: 'random stacks', shared: false },
];
const BARE = { atMost: 1.5 };
const PPROF_FORMAT = { atLeast: 5 };

export async function run({ node, quick, report }) {
  const details = {};
  for (const { part, shared } of SHAPES) {
    const plan = { ...PROFILE, shared, repetitions: quick ? QUICK : FULL };
    const result = await runProgram(node, 'encode', plan, ['--expose-gc']);
    details[part] = result;
    report(figuresOf(part, result));
  }
  return details;
}

/** Ratios are of the same round, so that other programs disturb both sides alike. */
function figuresOf(part, { times, bytes }) {
  const row = (what, unit, values, target) => figure({ part, what, unit, values, ...(target && { target }) });
  const ratios = (over, under) => times[over].map((time, round) => time / times[under][round]);
  return [
    row('pprof', 'ms', times.pprof),
    row('pprof, size', 'MB', [bytes.pprof / 1e6]),
    row('pprof, against the bare writer', 'times', ratios('pprof', 'barePprof'), BARE),
    row('pprof-format, against pprof', 'times', ratios('pprofFormat', 'pprof'), PPROF_FORMAT),
    row(
      'pprof-format without making its objects, against pprof',
      'times',
      ratios('pprofFormatEncode', 'pprof'),
    ),
    row('OTLP', 'ms', times.otlp),
    row('OTLP, size', 'MB', [bytes.otlp / 1e6]),
    row('OTLP, against the bare writer', 'times', ratios('otlp', 'bareOtlp'), BARE),
    row('pprof-format, against OTLP', 'times', ratios('pprofFormat', 'otlp'), PPROF_FORMAT),
  ];
}
