import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import type { Frame } from '../../../src/profiler-thread/ledger/state/call-tree.js';
import { mayStartSeveral } from '../../../src/profiler-thread/symbolize/function-starts.js';
import { FrameResolver } from '../../../src/profiler-thread/symbolize/index.js';

describe('at most one function starts', () => {
  test.each([
    "app.get('/login', (req, res) => {",
    'function addOrder(order, when = now()) {',
    'const make = async function* named() {',
    '  get size() {',
    '  async #load(path: string, depth = 3): Promise<void> {',
    '  static {',
    "  ['computed'](a) {",
    '  if (a > (b)) { return call(c); }',
    '  for await (const chunk of stream) {',
    '  } catch (error) { while (left(error)) { next(); }',
    '  items.map(parse).filter(Boolean);',
    '',
  ])('%s', (line) => {
    expect(mayStartSeveral(line)).toBe(false);
  });
});

describe('several functions may start', () => {
  test.each([
    'setInterval(() => a.push(Array.from({ length: 300 }, (_, i) => ({ i }))), 10);',
    'a = x => y => z;',
    'function one() {} function two() {}',
    'const box = { get x() { return 1; }, set x(v) { } };',
    'const box = { one() { }, async *two(a = (b)) { } };',
    'if (all.some((x) => x)) { run(() => 1); }',
    'm(a = () => 1) { return a; }',
    'class Box { constructor() { this.x = 1; } }',
    'class Order {',
    `x${';'.repeat(5000)}`,
  ])('%s', (line) => {
    expect(mayStartSeveral(line)).toBe(true);
  });
});

test('a function in the first line shares it with the code of the file', () => {
  expect(mayStartSeveral('(() => {', true)).toBe(true);
  expect(mayStartSeveral("'use strict';", true)).toBe(false);
});

test('a hostile line is parsed quickly', () => {
  expect(mayStartSeveral('a('.repeat(999))).toBe(false);
  expect(mayStartSeveral(`${'('.repeat(1000)}${')'.repeat(990)}`)).toBe(false);
});

describe('a function that may be alone on its line', () => {
  const folder = tempFolder();
  const file = path.join(folder, 'a.js');
  writeFileSync(file, 'a();\nconst f = () => 1;\r\nconst g = [() => 1, () => 2];\nconst h = () => 3;');
  const resolver = new FrameResolver();
  const at = (line: number, frame: Partial<Frame> = {}): Frame => ({
    functionName: '(anonymous)',
    file,
    line,
    column: 11,
    scriptId: '7',
    ...frame,
  });

  test('is checked in its file', () => {
    expect([1, 2, 3, 4].map((line) => resolver.isAloneOnLine(at(line)))).toEqual([true, true, false, true]);
  });

  test.each([
    ['the file has no such line', at(5)],
    ['the line is not known', at(0)],
    ['there is no such file', at(2, { file: path.join(folder, 'gone.js') })],
    ['it is a folder', at(2, { file: folder })],
    ['the code has no file', at(2, { file: '' })],
    ['the code is of the runtime', at(2, { file: 'node:fs' })],
    ['the code is WebAssembly', at(1, { file: 'wasm://wasm/0001' })],
  ])('is not known when %s', (_, frame) => {
    expect(resolver.isAloneOnLine(frame)).toBe(false);
  });
});
