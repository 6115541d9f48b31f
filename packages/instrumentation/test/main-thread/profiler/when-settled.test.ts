// Calls that wait for a promise without a handler.
import { setImmediate } from 'node:timers/promises';
import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { pollUntil } from '../../../../../test/support/poll.js';
import { whenSettled } from '../../../src/main-thread/profiler/when-settled.js';

v8.setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('a pending promise is still waited for when an earlier one is collected after it has settled', async () => {
  let collected = 0;
  const registry = new FinalizationRegistry(() => collected++);
  let calls = 0;
  await (async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    registry.register(promise, undefined);
    whenSettled(promise, () => calls++);
    resolve();
    await promise;
  })();
  const { promise, resolve } = Promise.withResolvers<void>();
  whenSettled(promise, () => calls++);
  const isCollected = () => {
    collect();
    return collected > 0;
  };
  await pollUntil(isCollected, { what: 'the collection of the first promise' });
  for (let turn = 0; turn < 10; turn++) await setImmediate();
  expect(calls).toBe(1);
  resolve();
  await promise;
  expect(calls).toBe(2);
});
