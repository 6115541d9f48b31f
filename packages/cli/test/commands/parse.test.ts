// `heapray parse` compared with the output of `memray parse` for each golden capture.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { captureFile, captureNames, parsedLines } from '../support/captures.js';
import { heapray } from '../support/loaded-heapray.js';

describe.each(captureNames())('%s', (name) => {
  test('has the same records', async () => {
    const { status, stdout } = await heapray(['parse', captureFile(name)]);
    expect(status).toBe(0);
    expect(stdout.split('\n').slice(0, -1)).toEqual(parsedLines(name));
  });
});

test('ends at damage, and fails with --strict', async () => {
  const file = captureFile('synthetic/node-cut.v13.bin');
  const { status, stdout, stderr } = await heapray(['parse', '--strict', file]);
  expect(status).toBe(1);
  expect(stdout.split('\n').slice(0, -1)).toEqual(parsedLines('synthetic/node-cut.v13.bin'));
  expect(stderr).toMatch(/: damaged at byte \d+ of the capture: the file ends inside a record/);
});

test('reads standard input', async () => {
  const input = readFileSync(captureFile('threads.v13.bin'));
  const { status, stdout } = await heapray(['parse', '-'], { input });
  expect(status).toBe(0);
  expect(stdout.split('\n').slice(0, -1)).toEqual(parsedLines('threads.v13.bin'));
});
