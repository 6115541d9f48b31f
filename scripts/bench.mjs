// `npm run bench -- NAME... [--quick] [--json] [--node 22|26] [--minutes N]`: prepares the checkout, then
// measures. bench/README.md lists the benchmarks.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ensureBuilt, ensureInstalled, NODE, ROOT } from './lib/bootstrap.mjs';
import { withBootstrapLock } from './lib/bootstrap-lock.mjs';

await withBootstrapLock(async () => {
  ensureInstalled();
  ensureBuilt();
});
// Run on the pinned Node: the machine's own may be too old for the packages.
const bench = path.join(ROOT, 'bench', 'main.mjs');
const { status } = spawnSync(NODE, [bench, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
