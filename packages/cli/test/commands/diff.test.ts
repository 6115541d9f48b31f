// `heapray diff`: growth and shrinkage, also across formats, and the difference as pprof.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { decodePprof, encodePprof } from '@heapray/exporter/pprof';
import { ProfileBuilder, totals } from '@heapray/exporter/profile';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { captureFile, expectedOf, sumOf } from '../support/captures.js';
import { heapray } from '../support/loaded-heapray.js';
import { fileWith, SHOP_HEAPPROFILE } from '../support/sample-files.js';

const OLD = { load: 100, cache: 50, gone: 25 };
const NEW = { load: 5100, cache: 20, fresh: 7 };

function shop(sizes: Readonly<Record<string, number>>, time: bigint): string {
  const builder = new ProfileBuilder({
    columns: [
      { type: 'inuse_objects', unit: 'count' },
      { type: 'inuse_space', unit: 'bytes' },
    ],
    timeNanos: time,
    durationNanos: 0n,
  });
  for (const [name, size] of Object.entries(sizes)) {
    builder.add(builder.stack(undefined, builder.frame(name, '/app/a.js', 1)), [1, size]);
  }
  return fileWith(encodePprof(builder.build()), 'a.pb');
}

test('text has the largest growth first and the largest shrinkage last', async () => {
  const { status, stdout, stderr } = await heapray(['diff', shop(OLD, 1n), shop(NEW, 2n)]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  await expect(stdout).toMatchFileSnapshot('../golden/diff.txt');
});

test('writes JSON and the difference as pprof, and omits rows', async () => {
  const output = path.join(tempFolder(), 'difference.pb');
  const files = [shop(OLD, 1n), shop(NEW, 2n)] as const;
  const { stdout } = await heapray(['diff', ...files, '--json', '-n', '2', '-o', output]);
  expect(JSON.parse(stdout)).toEqual({
    old: files[0],
    new: files[1],
    column: 'inuse_space',
    unit: 'bytes',
    group: 'function',
    totals: { old: { inuse_objects: 3, inuse_space: 175 }, new: { inuse_objects: 3, inuse_space: 5127 } },
    omitted: 2,
    rows: [
      { name: 'load', file: '/app/a.js', line: 1, column: 0, old: 100, new: 5100, change: 5000 },
      { name: 'cache', file: '/app/a.js', line: 1, column: 0, old: 50, new: 20, change: -30 },
    ],
  });
  expect(totals(decodePprof(readFileSync(output)))).toEqual({ inuse_objects: 0, inuse_space: 4952 });
});

test('compares captures, and a capture with a profile of another kind', async () => {
  const [python, aggregated] = [captureFile('threads.v13.bin'), captureFile('aggregate.v13.bin')];
  const same = await heapray(['diff', python, aggregated, '--json', '--by', 'peak']);
  const { totals: sums } = JSON.parse(same.stdout) as { totals: Record<string, Record<string, number>> };
  expect(sums.old).toMatchObject({
    peak_space: sumOf(expectedOf('threads.v13.bin').high_water_mark.by_thread).bytes,
  });
  expect(Object.keys(sums.new!)).toEqual(['peak_objects', 'peak_space', 'inuse_objects', 'inuse_space']);
  const other = await heapray(['diff', python, SHOP_HEAPPROFILE]);
  expect(other.status).toBe(0);
  expect(other.stdout).toMatch(/^inuse_space: .* to .*, [-+]/);
});

/** Writes a profile of bytes in use by functions of /app/a.js, each given as name, line, column, first line. */
function placed(...functions: [bytes: number, ...frame: [string, number, number, number?]][]): string {
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 1n,
    durationNanos: 0n,
  });
  for (const [bytes, name, ...place] of functions) {
    builder.add(builder.stack(undefined, builder.frame(name, '/app/a.js', ...place)), [bytes]);
  }
  return fileWith(encodePprof(builder.build()), 'a.pb');
}

async function changes(older: string, newer: string): Promise<unknown> {
  const { stdout } = await heapray(['diff', older, newer, '--json']);
  const { rows } = JSON.parse(stdout) as {
    rows: { name: string; line: number; column: number; change: number }[];
  };
  return rows.map(({ name, line, column, change }) => `${name} ${line}:${column} ${change}`);
}

test('functions of equal name do not cancel each other out', async () => {
  const older = placed([50, '', 5, 13], [40, '__init__', 12, 0, 10], [9, 'get', 1, 7]);
  const newer = placed(
    [50, '', 5, 40],
    [30, '__init__', 13, 0, 10],
    [10, '__init__', 31, 0, 30],
    [9, 'get', 1, 90],
  );
  expect(await changes(older, newer)).toEqual([
    '(anonymous a.js:5:40) 5:40 50',
    '__init__ 30:0 10',
    'get 1:90 9',
    'get 1:7 -9',
    '__init__ 10:0 -10',
    '(anonymous a.js:5:13) 5:13 -50',
  ]);
});

test('compares functions by the parts of their places that both files contain', async () => {
  const withColumns = placed([50, '', 5, 13], [7, '', 5, 40], [20, 'load', 8, 3], [4, 'only', 9, 2]);
  expect(await changes(withColumns, placed([60, '', 5, 0], [21, 'load', 8, 0]))).toEqual([
    '(anonymous a.js:5) 5:0 3',
    'load 8:0 1',
    'only 9:2 -4',
  ]);
  expect(await changes(withColumns, placed([60, '', 0, 0], [20, 'load', 8, 3]))).toEqual([
    '(anonymous a.js) 0:0 3',
    'only 9:2 -4',
  ]);
});

test('reports no changes, no common columns, and a truncated capture with --strict', async () => {
  const file = captureFile('threads.v13.bin');
  expect((await heapray(['diff', file, file])).stdout).toMatch(/\nnothing changed by function\n$/);
  expect((await heapray(['diff', file, file, '--by', 'colour'])).status).toBe(1);
  const cut = captureFile('synthetic/node-cut.v13.bin');
  expect((await heapray(['diff', cut, cut, '--strict'])).status).toBe(1);
  const builder = new ProfileBuilder({
    columns: [{ type: 'cpu', unit: 'ns' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  const cpu = fileWith(encodePprof(builder.build()), 'cpu.pb');
  expect(await heapray(['diff', file, cpu])).toMatchObject({
    status: 1,
    stderr: `heapray: ${cpu}: no column in common with ${file}\n`,
  });
});
