// Bundles the page of `packages/exporter/page` and its worker as strings: `node scripts/lib/bundle-page.mjs`. They are a module, and not
// files, so that bundlers of users' programs include them.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { ROOT } from './bootstrap.mjs';

const SOURCE = path.join(ROOT, 'packages', 'exporter', 'page');
/** In the order in which they apply. */
const STYLES = ['base.css', 'profile.css', 'live.css'];
/** Takes the place of d3-transition in the page, which d3-flame-graph imports for its effects. */
const NO_TRANSITIONS = {
  id: path.join(SOURCE, 'basics', 'no-transitions.ts'),
  moduleSideEffects: true,
};
/** Takes the place of the module `node:url` in the worker. */
const NODE_URL = path.join(SOURCE, 'holders', 'node-url.ts');
const OUT = path.join(ROOT, 'packages', 'exporter', 'generated');

const bundle = await rolldown({
  input: path.join(SOURCE, 'main.ts'),
  platform: 'browser',
  // Styles are bundled below.
  plugins: [
    { name: 'no-transitions', resolveId: (id) => (id === 'd3-transition' ? NO_TRANSITIONS : undefined) },
    { name: 'no-css', load: (id) => (id.endsWith('.css') ? { code: '', moduleType: 'js' } : undefined) },
  ],
});
const { output } = await bundle.generate({ format: 'iife', minify: true, comments: false });
if (output.length !== 1) throw new Error(`expected one script, not ${output.length}`);
const [{ code, moduleIds }] = output;
const script = inHtml(`${licenses(moduleIds)}\n${code.trim()}`);
const uplotStyle = createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css');
const styles = [uplotStyle, ...STYLES.map((name) => path.join(SOURCE, 'style', name))];
const sheets = styles.map((file) => readFileSync(file, 'utf8').replace(/\n\s*/g, '\n').trim());
const style = inHtml(
  ['/*! Contains the style of uPlot; its license is in the script of the page. */', ...sheets].join('\n'),
);
const holders = await bundleWorker();
mkdirSync(OUT, { recursive: true });
writeFileSync(
  path.join(OUT, 'page.d.ts'),
  '/** Script of the page. */\nexport const PAGE_SCRIPT: string;\n/** Style of the page. */\nexport const PAGE_STYLE: string;\n' +
    '/** Script of the worker that reads heap snapshots. */\nexport const HOLDERS_SCRIPT: string;\n',
);
writeFileSync(
  path.join(OUT, 'page.js'),
  `export const PAGE_SCRIPT = ${JSON.stringify(script)};\nexport const PAGE_STYLE = ${JSON.stringify(style)};\n` +
    `export const HOLDERS_SCRIPT = ${JSON.stringify(holders)};\n`,
);

/** Bundles the worker, which contains the exporter's code for heap snapshots. */
async function bundleWorker() {
  const worker = await rolldown({
    input: path.join(SOURCE, 'holders', 'worker.ts'),
    platform: 'browser',
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    plugins: [{ name: 'node-url', resolveId: (id) => (id === 'node:url' ? { id: NODE_URL } : undefined) }],
  });
  const made = await worker.generate({ format: 'iife', minify: true, comments: false });
  if (made.output.length !== 1) throw new Error(`expected one script, not ${made.output.length}`);
  return made.output[0].code.trim();
}

/** Returns a text that is safe inside a script or style element. */
function inHtml(text) {
  if (/<\/style|<!--/i.test(text)) throw new Error('the page contains text that ends its element');
  return text.replaceAll('</script', '<\\/script');
}

/** Returns a comment with the licenses of the bundled packages, each text once. Apache's is that of heapray itself. */
function licenses(moduleIds) {
  const folders = new Set(moduleIds.flatMap((id) => /^.*[\\/]node_modules[\\/][^\\/]+/.exec(id) ?? []));
  const byText = new Map();
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    const text =
      license === 'Apache-2.0' ? license : readFileSync(path.join(folder, 'LICENSE'), 'utf8').trim();
    byText.set(text, [...(byText.get(text) ?? []), `${name} ${version}`]);
  }
  const parts = [...byText].map(([text, names]) => `${names.join(', ')}:\n${text.replaceAll('*/', '* /')}`);
  return `/*! Contains\n${parts.join('\n\n')}\n*/`;
}
