// The command in a checkout: npm links it before the packages are built.
import { copyFileSync, mkdirSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../test/support/run-command.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const BIN = fileURLToPath(new URL('../../bin/heapray.js', import.meta.url));

test('npx heapray runs the built command', async () => {
  const env = { PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}` };
  const { status, stdout } = await runCommand('npx', ['--no-install', 'heapray', '--version'], {
    cwd: ROOT,
    env,
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

test('explains what to do when the packages are not built', async () => {
  const folder = path.join(mkdtempSync(path.join(tempFolder(), 'checkout-')), 'bin');
  mkdirSync(folder);
  copyFileSync(BIN, path.join(folder, 'heapray.mjs'));
  const result = await runCommand(process.execPath, [path.join(folder, 'heapray.mjs'), '--version']);
  expect(result).toEqual({
    status: 1,
    signal: null,
    stdout: '',
    stderr: 'heapray: this checkout is not built: run `npm run build`\n',
  });
});
