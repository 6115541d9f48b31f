// `npm run fuzz -- [--seed N] [--count N]`: prepares the checkout, then reads damaged captures (test/fuzz/main.mjs).
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ensureBuilt, ensureInstalled, NODE, ROOT } from './lib/bootstrap.mjs';
import { withBootstrapLock } from './lib/bootstrap-lock.mjs';

await withBootstrapLock(async () => {
  ensureInstalled();
  ensureBuilt();
});
// Run on the pinned Node: the machine's own may be too old for the packages.
const fuzz = path.join(ROOT, 'test', 'fuzz', 'main.mjs');
const { status } = spawnSync(NODE, [fuzz, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
