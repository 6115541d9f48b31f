// The command line of the benchmarks.
import { parseArgs } from 'node:util';

export const USAGE = `usage: npm run bench -- [NAME...] [options]
  NAME           run the benchmarks with such a name (all without one)
  --part NAME    only this part of a benchmark; may be given several times
  --quick        a short run to see that it works; its numbers say little
  --json         only JSON on stdout
  --node LINE    measure on another Node: 22.15, 22 or 26 (24 without it)
  --minutes N    how long resident memory is watched (1 without it), the parts of \`soak\` last (15 and 10), or the accuracy of all
                 workloads may take (21)
  --rounds N     how many rounds \`cost\` makes (9), or how many processes die in each part of \`oom\` (20)
  --write-docs   \`accuracy plots\`: write docs/accuracy.md and its plots (bench-out/ without it)`;

/** @throws when an option is unknown or has an invalid value */
export function parseOptions(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      node: { type: 'string' },
      minutes: { type: 'string' },
      rounds: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
      part: { type: 'string', multiple: true, default: [] },
    },
  });
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
  if (minutes !== undefined && !(minutes > 0))
    throw new Error(`--minutes: a number above 0, not ${values.minutes}`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isSafeInteger(rounds) && rounds > 0))
    throw new Error(`--rounds: a whole number above 0, not ${values.rounds}`);
  const { quick, json, node, part: parts, 'write-docs': writeDocs } = values;
  return { names: positionals, quick, json, node, minutes, rounds, parts, writeDocs };
}
