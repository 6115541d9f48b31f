// Options may have names that every object inherits, such as `constructor`.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../test/support/temp-folder.js';
import { heapray } from './support/loaded-heapray.js';
import { SHOP_HEAPPROFILE } from './support/sample-files.js';

const NAMES = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];

describe.each(NAMES)('%s', (name) => {
  test.each([
    [['top', SHOP_HEAPPROFILE, '--by', name], 1, `no column for ${name}; there are inuse_space`],
    [['diff', SHOP_HEAPPROFILE, SHOP_HEAPPROFILE, '--by', name], 1, `no column for ${name}; there are`],
    [['convert', SHOP_HEAPPROFILE, '-o', '-', '--to', 'folded', '--by', name], 1, `no column for ${name};`],
    [['top', SHOP_HEAPPROFILE, '--group', name], 2, `argument '${name}' is invalid`],
    [['top', SHOP_HEAPPROFILE, '-n', name], 2, `argument '${name}' is invalid`],
    [['convert', SHOP_HEAPPROFILE, '-o', 'x', '--to', name], 2, `argument '${name}' is invalid`],
    [['convert', SHOP_HEAPPROFILE, '-o', `x.${name}`], 2, 'its name does not tell the format'],
    [
      ['convert', SHOP_HEAPPROFILE, '-o', 'x.bin', '--memray-format', name],
      2,
      `argument '${name}' is invalid`,
    ],
    [[name], 2, `unknown command '${name}'`],
    [['top', SHOP_HEAPPROFILE, `--${name}`], 2, `unknown option '--${name}'`],
    [['watch', '.', '--interval', name], 2, `'${name}'`],
  ] as const)('%j', async (args, status, text) => {
    const result = await heapray(args, { cwd: tempFolder() });
    expect(result).toMatchObject({ status, stdout: '' });
    expect(result.stderr).toContain(text);
    expect(result.stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
    expect(result.stderr).not.toMatch(/TypeError|\n {4}at /);
  });

  test('is accepted as the name of a component', async () => {
    const env = { HEAPRAY_COMPONENT: name, HEAPRAY_TRACE_COMPONENTS: name };
    const { status, stdout } = await heapray(['config', '--json'], { cwd: tempFolder(), env });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ options: { component: name } });
  });
});

test('supports a profile with 150,000 functions', async () => {
  const children = Array.from({ length: 150_000 }, (_, at) => ({
    callFrame: { functionName: `f${at}`, url: `file:///srv/${at}.js`, lineNumber: 0, columnNumber: 0 },
    selfSize: 1,
    children: [],
  }));
  const root = { functionName: '(root)', url: '', lineNumber: -1, columnNumber: -1 };
  const many = path.join(tempFolder(), 'many.heapprofile');
  writeFileSync(many, JSON.stringify({ head: { callFrame: root, selfSize: 0, children } }));
  for (const args of [
    ['top', many, '-n', '200000'],
    ['top', many, '--group', 'file', '-n', '200000', '--json'],
    ['diff', many, many, '-n', '200000'],
    ['convert', many, '-o', '-', '--to', 'folded'],
    ['convert', many, '-o', '-', '--to', 'heapprofile'],
    ['convert', many, '-o', '-', '--to', 'json'],
    ['convert', many, '-o', `${many}.pb.gz`],
  ]) {
    const { status, stderr } = await heapray(args);
    expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: '' });
  }
});
