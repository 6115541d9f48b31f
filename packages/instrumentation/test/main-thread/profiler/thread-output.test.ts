import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startNode } from '../../../../../test/support/start-node.js';

const PROGRAM = fileURLToPath(new URL('../../programs/thread-output.mjs', import.meta.url));

test('what the profiler thread writes is not shown, and does not keep the process alive', async () => {
  const program = startNode({ args: [PROGRAM] });
  expect(await program.ended).toEqual({ status: 0, signal: null });
  expect({ stdout: program.stdout, stderr: program.stderr }).toEqual({ stdout: 'begun\n', stderr: '' });
});
