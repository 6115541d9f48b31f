// The waits of the application's thread for the profiler thread.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { BlockingWaits } from '../../../src/main-thread/profiler/blocking-waits.js';
import { CONTROL_BYTES, ControlWord } from '../../../src/protocol/messages.js';

/** Time that the thread takes for its last poll, in ms. */
const POLL_MILLIS = 400;
/** A thread that begins when told to, does nothing for this time, and then says that it has polled and ended. */
const THREAD = `
const { workerData: { control, begin, polled } } = require('node:worker_threads');
require('node:worker_threads').parentPort.postMessage('ready');
Atomics.wait(control, begin, 0);
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${POLL_MILLIS});
for (const step of [1, 2]) {
  Atomics.store(control, polled, step);
  Atomics.notify(control, polled);
}
`;

test('leaves the processor to the profiler thread while that polls a last time', async () => {
  const control = new Int32Array(new SharedArrayBuffer(CONTROL_BYTES));
  const workerData = { control, begin: ControlWord.exit, polled: ControlWord.done };
  const worker = new Worker(THREAD, { eval: true, workerData });
  await once(worker, 'message');
  Atomics.store(control, ControlWord.ready, 1);
  // The thread may be late on a busy machine.
  Atomics.store(control, ControlWord.endMillis, 30_000);
  Atomics.store(control, ControlWord.exit, 1);
  Atomics.notify(control, ControlWord.exit);
  const before = process.threadCpuUsage();
  expect(new BlockingWaits(control).untilFinished(true)).toBe('finished');
  const { user, system } = process.threadCpuUsage(before);
  // A loop without pauses takes all of the time on an idle machine, and a fifth of it on one with ten programs for two processors.
  expect((user + system) / 1000).toBeLessThan(POLL_MILLIS / 10);
  await once(worker, 'exit');
});
