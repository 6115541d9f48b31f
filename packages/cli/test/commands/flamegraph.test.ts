// `heapray flamegraph`: the page must say what the other commands say.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { PageData } from '@heapray/exporter/page';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { amountsOf } from '../../../exporter/page/model/amounts.js';
import { readModel } from '../../../exporter/page/model/model.js';
import { functionRows } from '../../../exporter/page/model/rows.js';
import { captureFile } from '../support/captures.js';
import { heapray } from '../support/loaded-heapray.js';
import { fileWith, SHOP_HEAPPROFILE, shopPprof } from '../support/sample-files.js';

/** Returns the data in a page, as JSON text. */
function dataIn(html: string): string {
  return /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]!;
}

/** Returns the data of the page of these arguments. */
async function pageOf(...args: readonly string[]): Promise<string> {
  const output = path.join(tempFolder(), 'out.html');
  const { status, stdout } = await heapray(['flamegraph', ...args, '-o', output]);
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  return dataIn(readFileSync(output, 'utf8'));
}

interface Top {
  readonly total: number;
  readonly rows: readonly { name: string; file: string; line: number; flat: number; cumulative: number }[];
}

describe('has the total and the functions of `heapray top`', () => {
  test.each([
    ['a pprof', shopPprof()],
    ['a V8 heap profile', SHOP_HEAPPROFILE],
    ['a Python capture', captureFile('threads.v13.bin')],
    ['a Node capture', captureFile('synthetic/node-demo.v13.bin')],
  ])('for %s', async (_, file) => {
    const model = readModel(await pageOf(file));
    const { type } = model.columns[model.column]!;
    const { stdout } = await heapray(['top', file, '--json', '-n', '10000']);
    const top = JSON.parse(stdout) as Top & { readonly column: string };
    expect(type).toBe(top.column);
    const amounts = amountsOf(model, model.column, new Map());
    expect(amounts.total.after).toBe(top.total);
    const rows = functionRows(model, amounts).map(({ fn, self, total }) => {
      const { name, file: where, line } = model.functions[fn]!;
      return { name, file: where, line, flat: self.after, cumulative: total.after };
    });
    const expected = top.rows.map(({ name, file: where, line, flat, cumulative }) => {
      return { name, file: where, line, flat, cumulative };
    });
    expect(rows).toHaveLength(expected.length);
    expect(rows).toEqual(expect.arrayContaining(expected));
  });
});

test.each([
  ['every allocation of a Python capture was recorded', captureFile('threads.v13.bin'), 0],
  ['a Node capture does not say how often it was sampled', captureFile('synthetic/node-demo.v13.bin'), null],
  ['a V8 heap profile does not say how often it was sampled', SHOP_HEAPPROFILE, null],
])('%s', async (_, file, samplingInterval) => {
  const { profiles } = JSON.parse(await pageOf(file)) as PageData;
  expect(profiles[0]).toMatchObject({ samplingInterval });
});

test('compares two files as `heapray diff` does, also of different formats', async () => {
  const files = [SHOP_HEAPPROFILE, shopPprof()] as const;
  const model = readModel(await pageOf(...files));
  const { stdout } = await heapray(['diff', ...files, '--json', '-n', '10000']);
  const { column, totals, rows } = JSON.parse(stdout) as {
    readonly column: string;
    readonly totals: Readonly<Record<'old' | 'new', Readonly<Record<string, number>>>>;
    readonly rows: readonly { name: string; old: number; new: number }[];
  };
  expect(model.title).toBe('shop.heapprofile → shop.pb');
  expect(model.columns[model.column]!.type).toBe(column);
  const amounts = amountsOf(model, model.column, new Map());
  expect({ before: amounts.total.before, after: amounts.total.after }).toEqual({
    before: totals.old[column],
    after: totals.new[column],
  });
  const changed = functionRows(model, amounts).filter(({ self }) => self.before !== self.after);
  const shown = changed.map(({ name, self }) => ({ name, old: self.before, new: self.after }));
  const expected = rows.map(({ name, old, new: now }) => ({ name, old, new: now }));
  expect(shown).toHaveLength(expected.length);
  expect(shown).toEqual(expect.arrayContaining(expected));
});

test('--column is what the page shows first', async () => {
  const data = JSON.parse(await pageOf(shopPprof(), '--column', 'alloc')) as PageData;
  expect(data.columns[data.column]).toEqual({ type: 'alloc_space', unit: 'bytes' });
});

test('--hide-source-paths leaves no folder in the page', async () => {
  expect(await pageOf(shopPprof())).toContain('/srv/app');
  const hidden = await pageOf(shopPprof(), '--hide-source-paths');
  expect(hidden).not.toMatch(/srv/);
  expect(hidden).toContain('node_modules/order-cache/index.js');
});

test('writes to standard output for -o -', async () => {
  const { status, stdout } = await heapray(['flamegraph', shopPprof(), '-o', '-']);
  expect(status).toBe(0);
  expect(readModel(dataIn(stdout)).title).toBe('shop.pb');
  expect(stdout).toMatch(/^<!doctype html>\n.*<\/html>\n$/s);
});

test('explains bad input in one line, and leaves no file', async () => {
  const output = path.join(tempFolder(), 'out.html');
  const bad = fileWith('not a profile');
  const shop = shopPprof();
  const cases: readonly (readonly [readonly string[], number, string])[] = [
    [[bad], 1, `heapray: ${bad}: `],
    [['no-such-file'], 1, 'heapray: no-such-file: '],
    [[shop, '--column', 'colour'], 1, `heapray: ${shop}: no column for colour; there are `],
    [[shop, shop, shop], 2, "heapray: too many arguments for 'flamegraph'"],
    [['-', '-'], 2, 'heapray: '],
  ];
  for (const [args, status, message] of cases) {
    const result = await heapray(['flamegraph', ...args, '-o', output], { input: '' });
    expect({ status: result.status, stdout: result.stdout }).toEqual({ status, stdout: '' });
    expect(result.stderr).toMatch(/^[^\n]+\n$/);
    expect(result.stderr.startsWith(message)).toBe(true);
    expect(existsSync(output)).toBe(false);
  }
  expect((await heapray(['flamegraph', shop])).stderr).toBe(
    "heapray: required option '-o, --output <file>' not specified\n",
  );
});
