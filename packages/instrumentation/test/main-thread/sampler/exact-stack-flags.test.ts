// A small function that V8 inlines into its caller, with and without `accurateStacks`.
import { expect } from 'vitest';
import { peerTest } from '../../../../../test/support/peer-test.js';
import { runProgram } from '../../support/profiled-program.js';

/** Returns the share of the leaf in what the leaf and its callers hold, and what V8 wrote to stderr. */
async function leafShare(line: '22' | '24' | '26', isAccurate: boolean) {
  const { status, stdout, stderr } = await runProgram({
    program: ['inlined-leaf.mjs'],
    line,
    plain: true,
    env: { HEAPRAY_DEBUG_ADDR: 'off', HEAPRAY_ACCURATE_STACKS: String(isAccurate) },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringMatching(/flag|options/) });
  const { leaf = 0, fill = 0, fillAll = 0 } = JSON.parse(stdout) as Record<string, number>;
  const sum = leaf + fill + fillAll;
  expect(sum).toBeGreaterThan(5e6);
  return leaf / sum;
}

for (const line of ['22', '24', '26'] as const) {
  peerTest(
    `Node ${line}: charges an inlined leaf to itself only when stacks are accurate`,
    `node-${line}`,
    async () => {
      expect(await leafShare(line, false)).toBeLessThan(0.4);
      expect(await leafShare(line, true)).toBeGreaterThan(0.95);
    },
  );
}
