// The demo as `npm run demo -- --ui` runs it: its report, its pages, and its end by Ctrl-C.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyzeMemray } from '@heapray/exporter/memray';
import { expect, test } from 'vitest';
import { amountsOf } from '../packages/exporter/page/model/amounts.js';
import { readModel } from '../packages/exporter/page/model/model.js';
import { functionRows } from '../packages/exporter/page/model/rows.js';
import { descendants, isRunning, killDescendantsAtEnd } from './support/descendants.js';
import { httpGet } from './support/http-get.js';
import { pollUntil } from './support/poll.js';
import { startNode } from './support/start-node.js';
import { tempFolder } from './support/temp-folder.js';

const MAIN = fileURLToPath(new URL('../examples/leaky-service/demo/main.js', import.meta.url));

/** Returns the names of all functions in a capture. */
function functionsIn(file: string): Set<string> {
  const analyzer = analyzeMemray([readFileSync(file)]);
  const records = analyzer.allocated();
  return new Set(records.flatMap((record) => analyzer.locations(record).map((place) => place.functionName)));
}

/** Returns the functions on a page with their bytes in use, of the earlier and the later profile. */
function functionsOn(file: string) {
  const html = readFileSync(file, 'utf8');
  const [, data = ''] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html) ?? [];
  const model = readModel(data);
  expect(model.columns[model.column]?.type).toBe('inuse_space');
  const rows = functionRows(model, amountsOf(model, model.column, new Map()));
  return rows.map(({ fn, self }) => ({ name: model.functions[fn]!.name, ...self }));
}

test('the demo reports the leak, writes its pages, and keeps the live page up until Ctrl-C', async () => {
  const folder = tempFolder();
  const env = { DEMO_SECONDS: '12' };
  const demo = startNode({ args: [MAIN, '--ui', folder], env });
  killDescendantsAtEnd(demo.pid);
  const [, url = ''] = await demo.waitForOutput(/^The page of the running service: (http:\S+\/debug\/ui) /m);

  expect(demo.stdout).toContain('The leak: addOrder of package order-cache');
  for (const page of ['flamegraph.html', 'diff.html'])
    expect(demo.stdout).toContain(path.relative('', path.join(folder, page)));
  const [largest] = functionsOn(path.join(folder, 'flamegraph.html')).sort((a, b) => b.after - a.after);
  expect(largest?.name).toBe('addOrder');
  const [grown] = functionsOn(path.join(folder, 'diff.html')).sort(
    (a, b) => b.after - b.before - (a.after - a.before),
  );
  expect(grown?.name).toBe('addOrder');
  expect(grown?.before).toBeGreaterThan(0);

  const page = await httpGet(url);
  expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);

  const started = descendants(demo.pid);
  expect(started.length).toBeGreaterThanOrEqual(2);
  expect(await demo.stop('SIGINT')).toEqual({ status: 0, signal: null });
  await pollUntil(() => !started.some(isRunning), { what: 'the end of all processes of the demo' });

  // Each capture has what belongs to its component.
  const own = { api: 'addOrder', scheduler: 'salesReport', dag_processor: 'parseBatch' };
  for (const component of Object.keys(own)) {
    const functions = functionsIn(path.join(folder, `${component}_memory.bin`));
    const found = Object.entries(own).filter(([, name]) => functions.has(name));
    expect(found.map(([name]) => name)).toEqual([component]);
  }
});

test('the demo refuses an unknown option', async () => {
  const demo = startNode({ args: [MAIN, '--web'] });
  expect(await demo.ended).toEqual({ status: 1, signal: null });
  expect(demo.stderr).toMatch(/^demo: Unknown option '--web'/);
});

test('the load of the demo ends when the heap is nearly full for a minute, and not for garbage', async () => {
  const { HeapWatch } = await import('../examples/leaky-service/demo/heap-watch.js' as string);
  const heap = new HeapWatch(100);
  const reports = (count: number, used: number) => Array.from({ length: count }, () => heap.isFull(used));
  expect([...reports(119, 90), ...reports(1, 40), ...reports(119, 81)]).not.toContain(true);
  expect(heap.isFull(81)).toBe(true);
});
