// `npm test`: prepares a fresh clone, then runs all tests. Arguments go to vitest, for example
// `npm test -- packages/exporter`. With `--unit` it runs only tests without peers, and skips the checks of style.
import { ensureBuilt, ensureInstalled, note } from './lib/bootstrap.mjs';
import { withBootstrapLock } from './lib/bootstrap-lock.mjs';
import { bringPeers } from './lib/bring-peers.mjs';
import { checkStyle, checkTypes } from './lib/checks.mjs';
import { runVitest } from './lib/run-vitest.mjs';
import { startTally } from './lib/tally.mjs';
import { unitTests } from './lib/unit-tests.mjs';

const start = Date.now();
const wanted = process.argv.slice(2).filter((arg) => arg !== '--unit');
const isUnit = wanted.length < process.argv.length - 2;
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
  await tally.step('install', ensureInstalled);
  await tally.step('build', ensureBuilt);
  if (isUnit) return;
  await Promise.all([
    tally.step('type check', checkTypes),
    tally.step('lint', checkStyle),
    bringPeers(tally),
  ]);
});
note(`prepared after ${((Date.now() - start) / 1000).toFixed(1)} s; running the tests`);
const files = isUnit ? unitTests(wanted) : wanted;
// Without a file, vitest would run all tests.
if (isUnit && files.length === 0) throw new Error(`no unit test has ${wanted.join(' or ')} in its path`);
await runVitest(files, tally);
