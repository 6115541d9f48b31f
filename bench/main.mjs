// Runs the benchmarks that the arguments name. Prints a table to stdout and writes JSON to bench-out/. A missed target is
// printed as such, and the exit status is 0 all the same.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { note, ROOT } from '../scripts/lib/bootstrap.mjs';
import { measuredNode } from './lib/measured-node.mjs';
import { parseOptions, USAGE } from './lib/options.mjs';
import { formatTable } from './lib/table.mjs';

const HERE = import.meta.dirname;
const SUFFIX = '.bench.mjs';
const OUT = path.join(ROOT, 'bench-out');

const known = readdirSync(HERE)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));

// Exit through process.exit, so that the exit hook ends the measured programs.
for (const [signal, number] of [
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGTERM', 15],
]) {
  process.on(signal, () => process.exit(128 + number));
}

let options;
try {
  options = parseOptions(process.argv.slice(2));
} catch (error) {
  note(`${error.message}\n${USAGE}`);
  process.exit(2);
}
const chosen = known.filter(
  (name) => options.names.length === 0 || options.names.some((n) => name.includes(n)),
);
if (chosen.length === 0) {
  note(`no benchmark is named like ${options.names.join(' ')}; there are: ${known.join(', ')}`);
  process.exit(2);
}
const node = await measuredNode(options.node);
const resultFile = (name) => path.join(OUT, `${name}${options.node ? `.node-${options.node}` : ''}.json`);
const documents = [];
for (const name of chosen) documents.push(await runOne(name));
if (options.json) process.stdout.write(`${JSON.stringify(documents, null, 2)}\n`);

async function runOne(name) {
  const { run } = await import(path.join(HERE, name + SUFFIX));
  const startedAt = new Date().toISOString();
  const figures = [];
  const report = (more) => {
    figures.push(...more);
    if (!options.json) process.stdout.write(`${formatTable(more)}\n`);
  };
  if (!options.json) process.stdout.write(`${name} on Node ${node.version}\n`);
  const details = await run({
    node: node.path,
    quick: options.quick,
    minutes: options.minutes,
    rounds: options.rounds,
    parts: options.parts,
    // For benchmarks that show results of other ones, or where they were measured.
    resultFile,
    nodeVersion: node.version,
    machine: node.machine,
    docsFolder: options.writeDocs ? path.join(ROOT, 'docs') : path.join(OUT, 'docs'),
    report,
  });
  const document = {
    name,
    node: node.version,
    machine: node.machine,
    startedAt,
    quick: options.quick,
    figures,
    details,
  };
  mkdirSync(OUT, { recursive: true });
  const file = resultFile(name);
  writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
  note(`${path.relative(process.cwd(), file)} written`);
  return document;
}
