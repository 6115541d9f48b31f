// `npm run fuzz -- [--seed N] [--count N]`: prepares the checkout, then damages captures and reads them
// (test/fuzz/main.mjs).
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ensureBuilt, ensureInstalled, NODE, ROOT } from './lib/bootstrap.mjs';
import { withBootstrapLock } from './lib/bootstrap-lock.mjs';

await withBootstrapLock(async () => {
  ensureInstalled();
  ensureBuilt();
});
// The machine's own Node may be too old for the packages.
const fuzz = path.join(ROOT, 'test', 'fuzz', 'main.mjs');
const { status } = spawnSync(NODE, [fuzz, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
