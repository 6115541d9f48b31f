// `npm run docs`: writes the tables that are made from code into the pages of docs/. Tests fail when a page is outdated.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { metricTables } from './docs/metric-tables.ts';
import { optionTable } from './docs/option-table.ts';
import { ensureBuilt, ensureInstalled, note, ROOT } from './lib/bootstrap.mjs';
import { withBootstrapLock } from './lib/bootstrap-lock.mjs';

await withBootstrapLock(async () => {
  ensureInstalled();
  ensureBuilt();
});
const built = (file) => import(path.join(ROOT, 'packages/instrumentation/dist', file));
const { describeOptions } = await built('config/index.js');
const metricTable = await built('protocol/metric-table.js');
const semconv = await built('protocol/semconv.js');

write('configuration.md', { options: optionTable(describeOptions()) });
write('metrics.md', metricTables({ ...metricTable, ...semconv }));

/** Puts each table between the comments `<!-- table: NAME -->` and `<!-- end -->`. */
function write(page, tables) {
  const file = path.join(ROOT, 'docs', page);
  let text = readFileSync(file, 'utf8');
  for (const [name, table] of Object.entries(tables)) {
    const place = new RegExp(`(<!-- table: ${name} -->\n).*?(<!-- end -->)`, 's');
    if (!place.test(text)) throw new Error(`docs/${page} has no place for the table "${name}"`);
    text = text.replace(place, (_all, begin, end) => `${begin}\n${table}\n${end}`);
  }
  writeFileSync(file, text);
  note(`wrote docs/${page}`);
}
