// Exact calls that profiling does not outlast.
import { expect, test } from 'vitest';
import { runProgram } from '../../support/profiled-program.js';

test('an exact call waits for nothing and leaves no flag changed when profiling has ended inside it', async () => {
  const { status, stdout, stderr } = await runProgram({
    program: ['exact-end.mjs'],
    plain: true,
    env: { HEAPRAY_DEBUG_ADDR: 'off', HEAPRAY_TRACE_COMPONENTS: 'job', HEAPRAY_HOME: 'dumps' },
  });
  expect(status, stderr).toBe(0);
  expect(stderr).not.toContain('took too long');
  const { before, after } = JSON.parse(stdout) as { before: string[]; after: string[] };
  expect(before).toEqual(expect.arrayContaining(['--semi-space-growth-factor=64', '--no-memory-reducer']));
  expect(after).toEqual(['--semi-space-growth-factor=2', '--memory-reducer']);
});
