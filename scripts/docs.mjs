// `npm run docs`: writes the tables that are made from code into the pages of docs/. Tests fail when a page is outdated.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureBuilt, ensureInstalled, note, ROOT } from './lib/bootstrap.mjs';
import { withBootstrapLock } from './lib/bootstrap-lock.mjs';

await withBootstrapLock(async () => {
  ensureInstalled();
  ensureBuilt();
});
const built = (file) => import(path.join(ROOT, 'packages/instrumentation/dist', file));
const { optionsMarkdown } = await built('config/index.js');
const { metricTables } = await built('main-thread/metrics/metric-docs.js');

write('configuration.md', { options: optionsMarkdown() });
write('metrics.md', metricTables());

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
