// CPU times that the system reports for threads of this process.
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pollUntil } from '../../../../../test/support/poll.js';
import { threadRunMillis, v8ThreadsClock } from '../../../src/profiler-thread/stats/v8-threads.js';

const isTold = existsSync('/proc/self/task');

test("CPU time of V8's threads is read where available, and grows while they collect garbage", async () => {
  const clock = v8ThreadsClock();
  expect(clock !== undefined).toBe(isTold);
  if (!clock) return;
  const before = clock()!;
  const kept: object[] = [];
  await pollUntil(
    async () => {
      for (let i = 0; i < 50_000; i++) kept[i] = { i, text: `${i}` };
      return clock()! > before;
    },
    { what: 'work of V8 threads' },
  );
});

test('CPU time of the calling thread is read where available', () => {
  const before = threadRunMillis();
  expect(before !== undefined).toBe(isTold);
  if (before === undefined) return;
  expect(before).toBeGreaterThan(0);
  expect(threadRunMillis()).toBeGreaterThanOrEqual(before);
});
