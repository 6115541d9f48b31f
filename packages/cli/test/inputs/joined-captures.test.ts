// Two captures in one file: the first is read, a line reports the second, and --strict makes it an error.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

import { tempFolder } from '../../../../test/support/temp-folder.js';
import { captureFile } from '../support/captures.js';
import { heapray } from '../support/loaded-heapray.js';
import { fileWith } from '../support/sample-files.js';
import { storedFrame } from '../support/stored-frame.js';

const first = readFileSync(captureFile('synthetic/node-demo.v13.bin'));
const second = readFileSync(captureFile('synthetic/node-agg.v13.bin'));
const zeros = Buffer.alloc(3_000);

/** Returns each command that has --strict, for this file. */
function commands(file: string): readonly (readonly string[])[] {
  const output = (name: string) => path.join(tempFolder(), name);
  return [
    ['stats', file],
    ['top', file],
    ['parse', file],
    ['diff', file, captureFile('synthetic/node-demo.v13.bin')],
    ['diff', captureFile('synthetic/node-demo.v13.bin'), file],
    ['convert', file, '-o', output('a.pb')],
    ['convert', file, '-o', output('a.bin')],
    ['convert', file, '-o', output('a.bin'), '--memray-format', '11'],
    ['convert', file, '-o', output('a.bin'), '--aggregate'],
  ];
}

test('every command reports a second capture, and ends with status 1 with --strict', async () => {
  const file = fileWith(Buffer.concat([first, second]), 'joined.bin');
  const line = `heapray: ${file}: another capture begins at byte ${first.length} of the capture; it is not read\n`;
  for (const command of commands(file)) {
    const result = await heapray(command);
    expect(result, command.join(' ')).toMatchObject({ status: 0, stderr: line });
    const strict = await heapray([...command, '--strict']);
    expect(strict, command.join(' ')).toMatchObject({ status: 1, stderr: line });
    if (!command.includes('-o')) expect(strict.stdout).toBe(result.stdout);
  }
});

describe('data after a capture', () => {
  const packed = storedFrame(first);
  test.each<[string, Uint8Array, string | undefined]>([
    ['nothing', first, undefined],
    ['zeros', Buffer.concat([first, zeros]), undefined],
    [
      'zeros and a capture',
      Buffer.concat([first, zeros, second]),
      `another capture begins at byte ${first.length + zeros.length} of the capture`,
    ],
    [
      'a compressed capture',
      Buffer.concat([first, storedFrame(second)]),
      `another capture begins at byte ${first.length} of the capture`,
    ],
    [
      'a compressed capture after a compressed one',
      Buffer.concat([packed, storedFrame(second)]),
      `another capture begins at byte ${first.length} of the capture`,
    ],
    [
      'a capture after a compressed one',
      Buffer.concat([packed, second]),
      `another capture begins at byte ${packed.length} of the compressed file`,
    ],
    ...[1, 7].map((length): [string, Uint8Array, string] => [
      `${length} bytes after a compressed capture`,
      Buffer.concat([packed, Buffer.alloc(length, 'x')]),
      `something else begins behind the capture at byte ${packed.length} of the compressed file`,
    ]),
    ['a few zeros after a compressed capture', Buffer.concat([packed, Buffer.alloc(5)]), undefined],
    [
      'something else',
      Buffer.concat([first, Buffer.from('hello')]),
      `something else begins behind the capture at byte ${first.length} of the capture`,
    ],
    [
      'a part of the magic',
      Buffer.concat([first, second.subarray(0, 4)]),
      `something else begins behind the capture at byte ${first.length} of the capture`,
    ],
  ])('%s', async (_, bytes, reason) => {
    const file = fileWith(bytes, 'a.bin');
    const { status, stderr } = await heapray(['stats', file, '--strict']);
    expect(stderr).toBe(reason === undefined ? '' : `heapray: ${file}: ${reason}; it is not read\n`);
    expect(status).toBe(reason === undefined ? 0 : 1);
  });

  test('reports a second capture after one without an end', async () => {
    const file = fileWith(Buffer.concat([first.subarray(0, -1), second]), 'a.bin');
    expect(await heapray(['stats', file, '--strict'])).toMatchObject({
      status: 1,
      stderr: `heapray: ${file}: damaged at byte ${first.length - 1} of the capture: another capture begins here; what comes before it is used\n`,
    });
  });
});
