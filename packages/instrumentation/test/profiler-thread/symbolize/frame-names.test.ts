import { describe, expect, test } from 'vitest';
import type { Frame } from '../../../src/profiler-thread/ledger/state/call-tree.js';
import {
  displayName,
  frameKind,
  isModuleCode,
  shortPath,
} from '../../../src/profiler-thread/symbolize/index.js';

const frame = (functionName: string, file = '', line = 0, column = 0, scriptId = '0'): Frame => ({
  functionName,
  file,
  line,
  column,
  scriptId,
});

test.each([
  ['file', frame('f', '/app/a.js', 1, 2, '7')],
  ['file', frame('(anonymous)', 'C:\\app\\a.js', 1, 2, '7')],
  ['file', frame('f', 'template.ejs', 1, 2, '7')],
  ['runtime', frame('readFile', 'node:fs', 3, 4, '7')],
  ['native', frame('push')],
  ['pseudo', frame('(GC)')],
  ['pseudo', frame('(BYTECODE_COMPILER)')],
  ['evaluated', frame('f', '', 1, 16, '7')],
  ['evaluated', frame('(anonymous)', '', 0, 0, '7')],
  ['evaluated', frame('(anonymous)')],
  ['evaluated', frame('f', '', 0, 0, '7')],
  ['evaluated', frame('f', '[eval]', 1, 2, '7')],
  ['evaluated', frame('f', '[worker eval]', 1, 2, '7')],
  ['evaluated', frame('f', 'evalmachine.<anonymous>', 1, 2, '7')],
  ['evaluated', frame('(anonymous)', `data:text/javascript,${'x'.repeat(10_000)}`, 1, 1, '7')],
  ['wasm', frame('wasm-function[1]', 'wasm://wasm/0a1b2c3d', 1, 2, '7')],
])('%s: %o', (kind, of) => {
  expect(frameKind(of)).toBe(kind);
});

describe('the name to display', () => {
  test.each([
    [frame('Orders.add', '/app/a.js', 1, 2), 'Orders.add'],
    [frame('#secret', '/app/a.js', 1, 2), '#secret'],
    [frame('get total', '/app/a.js', 1, 2), 'get total'],
    [frame('(anonymous)', '/app/src/a.js', 10, 5), '(anonymous) src/a.js:10:5'],
    [frame('(anonymous)', '/elsewhere/a.js', 10, 5), '(anonymous) /elsewhere/a.js:10:5'],
    [frame('(anonymous)', '/app/node_modules/x/a.js', 10, 5), '(anonymous) x/a.js:10:5'],
    [frame('(anonymous)', '/app/src/a.js', 1, 1), '(module) src/a.js'],
    [frame('(anonymous)', 'node:fs', 10, 5), '(anonymous) node:fs:10:5'],
    [frame('(GC)'), '(GC)'],
    [frame('push'), 'push'],
    [frame('compiled', '', 1, 16), 'compiled (eval)'],
    [frame('(anonymous)', '', 1, 16), '(anonymous) (eval):1:16'],
    [frame('(anonymous)', '', 0, 0), '(anonymous) (eval)'],
    [frame('(anonymous)', 'data:text/javascript,1', 1, 1), '(anonymous) (eval):1:1'],
  ])('%o', (of, expected) => {
    expect(displayName(of, '/app')).toBe(expected);
  });

  test('without a base folder contains the whole path', () => {
    expect(displayName(frame('(anonymous)', '/app/src/a.js', 10, 5))).toBe('(anonymous) /app/src/a.js:10:5');
  });
});

test('paths are shortened for display', () => {
  expect(shortPath('/app/node_modules/.pnpm/x@1/node_modules/x/lib/a.js', '/app')).toBe('x/lib/a.js');
  expect(shortPath('C:\\app\\node_modules\\@s\\x\\a.js')).toBe('@s\\x\\a.js');
  expect(shortPath('/app/node_modules/.cache/a.js', '/app')).toBe('node_modules/.cache/a.js');
  expect(shortPath('/app2/a.js', '/app')).toBe('/app2/a.js');
  expect(shortPath('/app/..a/b.js', '/app')).toBe('..a/b.js');
  expect(shortPath('', '/app')).toBe('');
});

test('code outside all functions starts where its file does', () => {
  expect(isModuleCode(frame('(anonymous)', '/app/a.js', 1, 1))).toBe(true);
  expect(isModuleCode(frame('(anonymous)', '/app/a.js', 1, 2))).toBe(false);
  expect(isModuleCode(frame('f', '/app/a.js', 1, 1))).toBe(false);
});
