// `npm test`: prepares a fresh clone, then runs all tests. Arguments go to vitest, for example
// `npm test -- packages/exporter`. `--unit`, `--simulations`, `--peers` and `--e2e` select kinds of tests, without the type
// check of tests and lint.
import path from 'node:path';
import { note, ROOT } from './lib/bootstrap.mjs';
import { withBootstrapLock } from './lib/bootstrap-lock.mjs';
import { bringPeers } from './lib/bring-peers.mjs';
import { checkStyle, checkTypes } from './lib/checks.mjs';
import { ended, spawnGroup } from './lib/run-command.mjs';
import { runVitest } from './lib/run-vitest.mjs';
import { startTally } from './lib/tally.mjs';
import { KINDS, testsByKind } from './lib/test-kinds.mjs';

const start = Date.now();
const args = process.argv.slice(2);
const kinds = KINDS.filter((kind) => args.includes(`--${kind}`));
const wanted = args.filter((arg) => !KINDS.some((kind) => arg === `--${kind}`));
const needsPeers = kinds.length === 0 || kinds.includes('peers') || kinds.includes('e2e');
/** All tests run in two parts: those that need no peers run while the peers are brought. */
const isWhole = args.length === 0;
const EARLY = ['unit', 'simulations'];
/** Files that run at once meanwhile: as many as continuous integration has processors. */
const EARLY_FILES_AT_ONCE = 2;
const tally = startTally();
// Exit through process.exit, so that the exit hooks end child processes and print the closing line.
for (const [signal, number] of [
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGTERM', 15],
]) {
  process.on(signal, () => process.exit(128 + number));
}

await withBootstrapLock(async () => {
  const built = prepare();
  const steps = needsPeers ? [bringPeers(tally, built)] : [];
  await built;
  if (kinds.length === 0) steps.push(tally.step('type check', checkTypes), tally.step('lint', checkStyle));
  if (isWhole) steps.push(runVitest([...projects(EARLY), `--maxWorkers=${EARLY_FILES_AT_ONCE}`], tally));
  await Promise.all(steps);
});
note(`prepared after ${((Date.now() - start) / 1000).toFixed(1)} s; running the tests`);
if (kinds.length > 0) checkWanted();
const left = isWhole ? KINDS.filter((kind) => !EARLY.includes(kind)) : kinds;
await runVitest([...projects(left), ...wanted], tally);

/** Installs and builds. Ends this run if either fails. */
async function prepare() {
  for (const step of ['install', 'build']) {
    await tally.step(step, async () => {
      const script = path.join(ROOT, 'scripts', 'lib', 'prepare.mjs');
      const child = spawnGroup(process.execPath, [script, step], { stdio: ['ignore', 'inherit', 'inherit'] });
      if ((await ended(child)) !== 0) process.exit(1);
    });
  }
}

function projects(names) {
  return names.map((name) => `--project=${name}`);
}

/** Throws if the paths select no test of the kinds. */
function checkWanted() {
  const tests = testsByKind();
  const files = kinds.flatMap((kind) => tests[kind]);
  const paths = wanted.filter((arg) => !arg.startsWith('-'));
  if (paths.length === 0 || files.some((file) => paths.some((part) => file.includes(part)))) return;
  throw new Error(`no test of the kind ${kinds.join(', ')} has ${paths.join(' or ')} in its path`);
}
