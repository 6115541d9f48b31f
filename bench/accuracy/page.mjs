// docs/accuracy.md, from measured numbers only.
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from '../../scripts/lib/bootstrap.mjs';

const RESULTS = path.join(ROOT, 'bench-out', 'accuracy.json');

export function accuracyPage({ sites, options, plan, pairs }) {
  return `# Accuracy, measured

Made by \`npm run bench -- accuracy plots\`; nothing here is written by hand. How it is estimated, and what the terms
mean: [how it works](how-it-works.md).

${workloadTable()}
## Error against the number of pairs

${sites[0]}, ${sites[1]} and ${sites[2]} of the program \`mixed\`, every ${options.samplingInterval / 1024} KiB, ${pairs.length} runs of ${plan.seconds} s with
${pairs.join(', ')} pairs, cut into stretches of as many pairs as the axis says; the same readings for all four estimators:

- *only what is seen*: samples seen alive, each once;
- *pairs alone*: shares among the samples of whole pairs;
- *early deaths*: what is seen, and the unseen by the early deaths (the difference estimator);
- *regression*: what heapray does.

${sites.map((site) => `![${site}](plots/${site}.svg)`).join('\n')}

Measured on ${os.cpus()[0]?.model}, ${os.cpus().length} cores, ${process.platform}-${process.arch}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)},
load average ${os.loadavg()[0].toFixed(1)}.
`;
}

/** The newest results of `accuracy`; a remark where there are none. */
function workloadTable() {
  if (!existsSync(RESULTS)) return 'There are no results of `accuracy` yet.\n';
  const { figures, details, node, machine, startedAt, quick } = JSON.parse(readFileSync(RESULTS, 'utf8'));
  const rows = figures
    .filter(({ what }) => what.includes('off by') || what === 'unobserved')
    .map(({ part, what, unit, value, max, runs, target, missed }) =>
      [
        part,
        what,
        `${value.toFixed(2)} ${unit}`,
        max.toFixed(2),
        runs,
        goal(target),
        missed ? 'missed' : '',
      ].join(' | '),
    );
  return `## Every kind of program

Medians of the sizes of the errors, in runs of ${details.plan.seconds} s${quick ? ' (a quick run: its numbers say little)' : ''}. A share is of the bytes of the functions
named; *in use* is judged by V8's sampler at 2 KiB in another process after as many rounds and a collection, for
functions above 5 %. At the default interval of 512 KiB a function that holds 20 MiB is seen through forty samples,
that is to 16 %: a goal of 3 % needs a thousand.

Node ${node}, ${machine.model}, ${machine.cpus} cores, load average ${machine.load.toFixed(1)}, ${startedAt.slice(0, 10)}.

| program, interval | what | error | largest | runs | goal | |
| --- | --- | --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}

`;
}

function goal(target) {
  return target ? `<= ${target.atMost}` : '';
}
