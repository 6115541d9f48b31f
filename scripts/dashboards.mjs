// `npm run dashboards`: writes the dashboards and rules of dashboards/ from their sources. A test fails when a file is outdated.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureBuilt, ensureInstalled, note, ROOT } from './lib/bootstrap.mjs';
import { withBootstrapLock } from './lib/bootstrap-lock.mjs';

await withBootstrapLock(async () => {
  ensureInstalled();
  ensureBuilt();
});
// Imported late: it needs installed packages.
const { madeFiles } = await import('../dashboards/src/files.ts');
const built = (file) => import(path.join(ROOT, 'packages', file));
const tables = {
  node: await built('instrumentation/dist/protocol/metric-table.js'),
  watch: await built('cli/dist/watch/metrics/metric-table.js'),
};
for (const [name, content] of madeFiles(tables)) {
  const file = path.join(ROOT, 'dashboards', name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  note(`wrote dashboards/${name}`);
}
