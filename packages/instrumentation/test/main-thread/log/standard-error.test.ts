// heapray's messages never end the application, wherever they go.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { childEnv } from '../../../../../test/support/child-env.js';
import { describeWithPeer } from '../../../../../test/support/peer-test.js';
import type { NodeLine } from '../../../../../test/support/peers.js';
import { programCommand, runProgram } from '../../support/profiled-program.js';

/** The oldest and the newest. */
const LINES: readonly NodeLine[] = ['22.15', '26'];

for (const line of LINES) {
  describeWithPeer(`Node ${line}`, `node-${line}`, () => {
    test('continues when the reader of stderr has gone', async () => {
      expect(await runWithoutReader(line)).toEqual({ status: 7, stdout: 'done\n' });
    });

    test.skipIf(!existsSync('/dev/full'))('continues when stderr is full', async () => {
      const prefix = ['sh', '-c', 'exec "$@" 2>/dev/full', 'sh'];
      const { status, stdout } = await runProgram({ program: ['working.mjs'], line, prefix });
      expect({ status, stdout }).toEqual({ status: 7, stdout: 'done\n' });
    });
  });
}

describe('the application', () => {
  test('can write to a broken stderr once, as without heapray', async () => {
    // A second write would end it in either case.
    const env = { WRITE_TO_STDERR: 'yes' };
    expect(await runWithoutReader('24', env)).toEqual({ status: 7, stdout: 'done\n' });
  });
});

async function runWithoutReader(line: NodeLine, env: Record<string, string> = {}) {
  const { command, args, options } = programCommand({ program: ['working.mjs'], line, env });
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: childEnv(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr.destroy();
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const stdout = await text(child.stdout);
  return { status: await ended, stdout };
}
