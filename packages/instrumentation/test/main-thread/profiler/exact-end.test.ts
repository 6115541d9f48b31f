// How exact mode ends on the main thread: its hook, its flags of V8, and a sampler that other code has taken.
import { beforeAll, expect, test } from 'vitest';
import { runProgram } from '../../support/profiled-program.js';

interface Ends {
  readonly hook: { readonly inIt: readonly string[]; readonly behind: readonly string[] };
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly isOwnBehind: readonly boolean[];
  readonly lines: readonly string[];
}
let ends: Ends;

beforeAll(async () => {
  const { status, stdout, stderr } = await runProgram({
    program: ['exact-end.mjs'],
    plain: true,
    env: { HEAPRAY_DEBUG_ADDR: 'off', HEAPRAY_TRACE_COMPONENTS: 'job', HEAPRAY_HOME: 'dumps' },
  });
  expect(status, stderr).toBe(0);
  ends = JSON.parse(stdout) as Ends;
});

test('no flag stays changed when profiling has ended in an exact call', () => {
  expect(ends.before).toEqual(
    expect.arrayContaining(['--semi-space-growth-factor=64', '--no-memory-reducer']),
  );
  expect(ends.after).toEqual(['--semi-space-growth-factor=2', '--memory-reducer']);
});

test('no exact call waits in vain', () => {
  expect(ends.lines.filter((line) => line.includes('took too long'))).toEqual([]);
});

test('the hook of the profiler thread calls no logger before the next turn of the event loop', () => {
  expect(ends.hook.inIt).toEqual([]);
  expect(ends.hook.behind).toContainEqual(expect.stringContaining('heap sampler started'));
});

test('a sampler that other code has started keeps running when an exact call ends or begins, and at the end of profiling', () => {
  expect(ends.isOwnBehind).toEqual([true, true, true]);
});
