import { describe, expect, test } from 'vitest';
import { unsupportedReason } from '../../../src/main-thread/start/node-support.js';
import { runProgram } from '../../support/profiled-program.js';

describe.each([
  ['bun', 'Bun'],
  ['deno', 'Deno'],
])('in %s', (name, shown) => {
  test('prints one line and does nothing else', async () => {
    const line = `this is ${shown} 1.2.3 and not Node.js: memory is not profiled`;
    const result = await runProgram({ program: ['other-runtime.mjs', name], plain: true });
    expect(result).toEqual({
      status: 0,
      signal: null,
      stdout: `error: ${line}\nfalse\ndone\n`,
      stderr: `heapray: ${line}\n`,
    });
  });
});

test.each(['22.15.0', '22.23.3', '24.0.0', '100.1.0'])('Node %s can be profiled', (node) => {
  expect(unsupportedReason({ node })).toBeUndefined();
});

test.each(['22.14.9', '20.19.0', '0.1', ''])('Node %j is too old', (node) => {
  expect(unsupportedReason({ node })).toMatch(/too old/);
});
