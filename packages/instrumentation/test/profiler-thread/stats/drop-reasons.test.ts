import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { OWN_METRICS } from '../../../src/protocol/metric-table.js';

const SOURCES = path.join(import.meta.dirname, '../../../src/profiler-thread');

test('each reason that code counts as a drop is in the table of metrics', () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const counted = files.flatMap((file) => {
    const text = readFileSync(path.join(SOURCES, file), 'utf8');
    return [...text.matchAll(/\bdrop\('(\w+)'/g)].map(([, reason]) => reason);
  });
  const documented = OWN_METRICS.drops.attributes?.['heapray.reason'];
  expect(counted.length).toBeGreaterThan(10);
  expect(documented).toEqual(expect.arrayContaining(counted));
});
