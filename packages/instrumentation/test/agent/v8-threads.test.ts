// What the system tells of the threads of this very process.
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pollUntil } from '../../../../test/support/poll.js';
import { threadRunMillis, v8ThreadsClock } from '../../src/agent/v8-threads.js';

const isTold = existsSync('/proc/self/task');

test("V8's threads have a CPU time where the system tells it, which grows while they collect garbage", async () => {
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

test('the calling thread has a CPU time where the system tells it', () => {
  const before = threadRunMillis();
  expect(before !== undefined).toBe(isTold);
  if (before === undefined) return;
  expect(before).toBeGreaterThan(0);
  expect(threadRunMillis()).toBeGreaterThanOrEqual(before);
});
