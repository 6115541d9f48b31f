import { describe, expect, test } from 'vitest';
import { callSite, displayName, isRuntimeFrame, type ProfileFrame } from '../../src/profile/index.js';

function frame(functionName: string, file: string, line = 0, column = 0): ProfileFrame {
  return { functionName, file, line, column };
}

const app = frame('load', '/srv/load.js');
const inner = frame('readFileSync', 'node:fs');

describe('isRuntimeFrame', () => {
  test.each(['(root)', '(V8 API)', '(GC)', '(BYTECODE_COMPILER)', '(EXTERNAL)', 'map'])(
    'is true for %s',
    (name) => {
      expect(isRuntimeFrame(frame(name, ''))).toBe(true);
    },
  );

  test.each([inner, frame('', 'node:internal/modules/esm/loader')])('is true for $file', (given) => {
    expect(isRuntimeFrame(given)).toBe(true);
  });

  test.each([
    ['a function of the program', app],
    ['an anonymous function without a script', frame('', '')],
    ['a name in parentheses that has a script', frame('(GC)', '/srv/load.js')],
    ['a script with a similar name', frame('f', '/srv/node:fs.js')],
  ])('is false for %s', (_, given) => {
    expect(isRuntimeFrame(given)).toBe(false);
  });
});

describe('callSite', () => {
  test('is the leaf', () => {
    expect(callSite([app, inner])).toBe(app);
  });

  test('is the first frame outside the runtime', () => {
    expect(callSite([frame('(V8 API)', ''), inner, app, frame('main', '/srv/main.js')])).toBe(app);
  });

  test('is the leaf when all frames are of the runtime', () => {
    expect(callSite([inner, frame('(root)', '')])).toBe(inner);
  });

  test('is undefined for an empty stack', () => {
    expect(callSite([])).toBeUndefined();
  });
});

test.each([
  [frame('load', '/srv/load.js', 3, 4), 'load'],
  [frame('', '/srv/load.js', 3, 4), '(anonymous load.js:3:4)'],
  [frame('', 'C:\\srv\\load.js', 3), '(anonymous load.js:3)'],
  [frame('', 'load.js'), '(anonymous load.js)'],
  [frame('', '', 3, 4), '(anonymous 3:4)'],
  [frame('', ''), '(anonymous)'],
])('displayName of %o', (given, name) => {
  expect(displayName(given)).toBe(name);
});
