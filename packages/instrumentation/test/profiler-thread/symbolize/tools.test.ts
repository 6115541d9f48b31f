import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { describe, expect, test } from 'vitest';
import { peerTest } from '../../../../../test/support/peer-test.js';
import { nodeBinary } from '../../../../../test/support/peers.js';
import { FrameResolver } from '../../../src/profiler-thread/symbolize/index.js';
import { compile, lineOf, orderService, sampledFrames } from './order-service.js';

const CACHE = 'src/order-cache.ts';
const MAKERS = 'src/makers.ts';
const QUEUE = 'node_modules/tiny-queue/index.js';

/** Expected functions: name, source, and a text in the line where the function starts. */
const FUNCTIONS: readonly (readonly [name: string, source: string, start: string])[] = [
  ['OrderCache', CACHE, 'constructor('],
  ['addOrders', CACHE, 'addOrders('],
  ['loadOrders', CACHE, 'loadOrders('],
  ['preset', CACHE, 'static preset('],
  ['get snapshot', CACHE, 'get snapshot('],
  ['buildReceipts', MAKERS, 'buildReceipts('],
  ['priceLines', MAKERS, 'priceLines ='],
  ['oneParameter', MAKERS, 'oneParameter ='],
  ['loadStock', MAKERS, 'loadStock ='],
  ['fetchPrices', MAKERS, 'fetchPrices('],
  ['assigned', MAKERS, 'assigned ='],
  ['rows', MAKERS, 'rows('],
  ['registry.monthly', MAKERS, 'registry.monthly ='],
  ['onOrder', MAKERS, 'onOrder('],
  ['onCancel', MAKERS, 'onCancel:'],
  ['audit', MAKERS, 'function audit('],
  ['(anonymous)', 'src/main.ts', '(count) =>'],
  ['fillQueue', QUEUE, 'fillQueue('],
  ['drainQueue', QUEUE, 'function drainQueue('],
];

interface Variation {
  /** Names that the tool changes. */
  readonly names?: Readonly<Record<string, string>>;
  /** Texts in the lines where functions start according to the map. */
  readonly starts?: Readonly<Record<string, string>>;
}

/** terser makes a property of the assignment; rolldown names only the declaration of `registry`. */
const MONTHLY = { 'registry.monthly': 'monthly' };
/** ts-loader emits CommonJS, where the default export is an ordinary property. */
const DEFAULT = { audit: 'default' };
/** esbuild compiles these to generators, whose bodies are functions of their own, mapped to the body. */
const GENERATORS = {
  names: { loadOrders: '(anonymous)', loadStock: '(anonymous)', fetchPrices: '(anonymous)' },
  starts: { loadOrders: 'const loaded', loadStock: 'const stock', fetchPrices: 'const prices' },
};
/** In a map of lines, the function is in the line of its statement. */
const STATEMENT = { '(anonymous)': 'kept.push(\n' };

const STORED: Readonly<Record<string, Variation>> = {
  'esbuild.mjs': {},
  'esbuild-inline.mjs': {},
  'esbuild-es2015.cjs': GENERATORS,
  'vite.mjs': {},
  'vite-terser.mjs': { names: MONTHLY },
  'webpack.mjs': { names: DEFAULT },
  'webpack-lines.mjs': { names: MONTHLY, starts: STATEMENT },
};

/** Runs a program of the service and checks which functions hold its memory. */
async function expectBlame(folder: string, program: string, variation: Variation, node = process.execPath) {
  const reports: string[] = [];
  const resolver = new FrameResolver({ report: (text) => reports.push(text), workingFolder: folder });
  const frames = await sampledFrames(node, folder, program);
  const found = frames.map((frame) => {
    const original = resolver.of(frame);
    const owner = resolver.packages.packageOf(original.file);
    const { functionName, file, line } = original;
    return `${functionName} ${path.relative(folder, file)}:${line} ${owner.name}@${owner.version}`;
  });
  const expected = FUNCTIONS.map(([name, source, start]) => {
    const text = variation.starts?.[name] ?? start;
    const line = text.endsWith('\n')
      ? lineOf(folder, source, '[howMany].map') - 1
      : lineOf(folder, source, text);
    const owner = source === QUEUE ? 'tiny-queue@3.2.1' : 'order-service@1.4.0';
    return `${variation.names?.[name] ?? name} ${source}:${line} ${owner}`;
  });
  expect(reports).toEqual([]);
  expect([...new Set(found)].sort()).toEqual([...expected].sort());
}

/** Positions of frames come from the binding on the oldest, and from Node's own API on the newest. */
describe.each(['22.15', '26'] as const)('bundles on Node %s', (version) => {
  for (const [bundle, variation] of Object.entries(STORED)) {
    peerTest(bundle, `node-${version}`, async () => {
      await expectBlame(orderService(), `dist/${bundle}`, variation, nodeBinary(version));
    });
  }
});

describe('TypeScript', () => {
  test.each([
    ['a map beside each file', { sourceMap: true }],
    ['maps inside the files', { inlineSourceMap: true }],
    ['maps with a root', { sourceMap: true, sourceRoot: '../src' }],
  ])('%s', async (_, options) => {
    const folder = orderService();
    await compile(folder, options);
    await expectBlame(folder, 'dist/main.js', {});
  });

  test('CommonJS, in a folder with a manifest that names no package', async () => {
    const folder = orderService();
    await compile(folder, {
      sourceMap: true,
      module: 'commonjs',
      moduleResolution: 'bundler',
      outDir: 'dist/cjs',
    });
    writeFileSync(path.join(folder, 'dist/cjs/package.json'), '{ "type": "commonjs" }');
    await expectBlame(folder, 'dist/cjs/main.js', {});
  });
});

test('rolldown, minified', async () => {
  const folder = orderService();
  const bundle = await rolldown({ input: path.join(folder, 'src/main.ts'), platform: 'node', cwd: folder });
  const dir = path.join(folder, 'dist');
  await bundle.write({ dir, entryFileNames: 'rolldown.mjs', minify: true, sourcemap: true });
  await bundle.close();
  await expectBlame(folder, 'dist/rolldown.mjs', { names: MONTHLY });
});
