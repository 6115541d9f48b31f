import { expect, test } from 'vitest';
import { runProgram } from '../../support/profiled-program.js';

test('setOffHeap hooks Buffer and typed arrays while the process runs, and puts them back', async () => {
  const { status, stdout, stderr } = await runProgram({ program: ['off-heap.mjs'], plain: true });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const { states, logged } = JSON.parse(stdout);
  expect(states).toEqual([
    [false, false],
    [true, false],
    [true, true],
    [true, true],
    [true, false],
    [false, false],
    [true, false],
    [false, false],
    [false, false],
  ]);
  expect(logged).toEqual([expect.stringMatching(/setOffHeap is ignored.*nonsense/)]);
});
