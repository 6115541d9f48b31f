// Makes docs/accuracy.md, from measured numbers only.
import { existsSync, readFileSync } from 'node:fs';

/** The command that makes the page. */
export const COMMAND = 'npm run bench -- accuracy plots --part workloads --write-docs';

/**
 * @param results file with the results of `accuracy`
 * @param on the Node and the machine that the plots were measured on
 */
export function accuracyPage({ results, on, sites, options, plan, pairs }) {
  return `# Accuracy, measured

Made by \`${COMMAND}\`; nothing here is written by hand. How it is
estimated, and what the terms mean: [how it works](how-it-works.md).

${resultTables(results)}
## Error against the number of pairs

${sites.join(', ')} of the program \`mixed\`, every ${options.samplingInterval / 1024} KiB, ${pairs.length} runs of ${plan.seconds} s with
${pairs.join(', ')} pairs, cut into stretches of as many pairs as the axis says; the same readings for all four estimators:

- *only what is seen*: samples seen alive, each once;
- *pairs alone*: shares among the samples of complete pairs;
- *short-lived samples*: what is seen, and the unseen by the short-lived samples (the difference estimator);
- *heapray*: what heapray does, its own code on each stretch by itself. In a service it also has what it learned before.

${sites.map((site) => `![${site}](plots/${site}.svg)`).join('\n')}

${measuredOn(on)}
`;
}

function measuredOn({ node, machine, startedAt, quick }) {
  const remark = quick ? ' A quick run: its numbers say little.' : '';
  return `Measured on Node ${node}, ${machine.platform}, ${machine.model}, ${machine.cpus} cores, load average at the start
${machine.load.toFixed(1)}, ${startedAt.slice(0, 10)}.${remark}`;
}

/** Returns tables of the newest results of `accuracy`, of the parts that were run; a remark if there are none. */
function resultTables(file) {
  if (!existsSync(file)) return 'There are no results of `accuracy` on this Node.\n';
  const { details, ...on } = JSON.parse(readFileSync(file, 'utf8'));
  const { plan, workloads, lengths } = details;
  return [
    ...(workloads ? [workloadText(plan, on), table(workloads.figures)] : []),
    ...(lengths ? [lengthText(on), table(lengths.figures)] : []),
  ].join('\n');
}

function workloadText({ seconds, repetitions, truths }, on) {
  return `## Every kind of program

The sizes of the errors, in runs of ${seconds} s: the median of ${repetitions} and the largest. A share is of the bytes of the
functions named; the truth is V8's full account of ${truths} other runs. *In use* is judged by V8's sampler at 2 KiB (\`deep\`: 32 KiB) in another
process after as many rounds and a collection, for functions above 5 % and 1 MiB, in one run. At the default interval of 512 KiB a
function that holds 20 MiB is seen through forty samples, that is to 16 %: a goal of 3 % needs a thousand.

${measuredOn(on)}
`;
}

function lengthText(on) {
  return `## Longer and shorter runs

The program \`mixed\` alone.

${measuredOn(on)}
`;
}

function table(figures) {
  const rows = figures
    .filter(({ what }) => what.includes('off by') || what === 'unobserved')
    .map(({ part, what, unit, value, max, runs, target, missed }) =>
      [
        part,
        what,
        `${value.toFixed(2)} ${unit}`,
        max.toFixed(2),
        runs,
        target ? `<= ${target.atMost}` : '',
        missed ? 'missed' : '',
      ].join(' | '),
    );
  return `| program, interval | what | error | largest | runs | goal | |
| --- | --- | --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}
`;
}
