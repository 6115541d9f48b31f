import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as metricTable from '../../packages/instrumentation/src/protocol/metric-table.js';
import * as semconv from '../../packages/instrumentation/src/protocol/semconv.js';
import { metricTables } from '../../scripts/docs/metric-tables.js';

const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
const { CONVENTION_METRICS, OWN_METRICS, SITE_METRICS } = metricTable;
const tables = metricTables({ ...metricTable, ...semconv });

test.each(Object.entries(tables))('docs/metrics.md contains the generated table of %s', (_, table) => {
  expect(page).toContain(table);
});

test('the docs have every metric of the table, once', () => {
  const specs = [SITE_METRICS, OWN_METRICS, CONVENTION_METRICS].flatMap((some) => Object.values(some));
  for (const { name } of specs) expect(page.split(`| \`${name}\` |`), name).toHaveLength(2);
  expect(new Set(specs.map(({ name }) => name)).size).toBe(specs.length);
});

test('formats a row of the table', () => {
  expect(tables.metrics?.split('\n')[4]).toBe(
    '| `heapray.memory.retained` | updowncounter, By | call site, `heapray.age`: `<10s`, `10s-1m`, `1m-10m`, ' +
      '`10m-1h`, `>1h`, `unknown` | Heap bytes in use, by the call site that allocated them (sampled estimate); the age only ' +
      'with `retentionAges`: the time since a poll first showed them; `unknown` for what was carried over a restart of the sampler |',
  );
});
