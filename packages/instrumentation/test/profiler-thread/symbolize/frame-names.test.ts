import { expect, test } from 'vitest';
import type { Frame } from '../../../src/profiler-thread/ledger/state/call-tree.js';
import { frameKind, shortPath } from '../../../src/profiler-thread/symbolize/index.js';

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

test('paths are shortened for display', () => {
  expect(shortPath('/app/node_modules/.pnpm/x@1/node_modules/x/lib/a.js', '/app')).toBe('x/lib/a.js');
  expect(shortPath('C:\\app\\node_modules\\@s\\x\\a.js')).toBe('@s\\x\\a.js');
  expect(shortPath('/app/node_modules/.cache/a.js', '/app')).toBe('node_modules/.cache/a.js');
  expect(shortPath('/app2/a.js', '/app')).toBe('/app2/a.js');
  expect(shortPath('/app/..a/b.js', '/app')).toBe('..a/b.js');
  expect(shortPath('', '/app')).toBe('');
});
