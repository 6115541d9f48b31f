import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { pollUntil } from '../../../../../test/support/poll.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import {
  ProfilerThread,
  type ProfilerThreadHandlers,
} from '../../../src/main-thread/profiler/profiler-thread.js';
import type { ThreadOptions } from '../../../src/main-thread/profiler/thread-options.js';
import { ControlWord } from '../../../src/protocol/messages.js';

/** A clock that advances with each look at it, and by the full timeout with each wait. */
const clock = vi.hoisted(() => ({ millis: 0 }));
vi.mock('../../../src/protocol/primordials.js', async (original) => ({
  ...(await original<typeof import('../../../src/protocol/primordials.js')>()),
  now: () => ++clock.millis,
  AtomicsWait: (words: Int32Array, word: number, value: number, millis: number) => {
    if (Atomics.load(words, word) !== value) return 'not-equal';
    clock.millis += millis;
    return 'timed-out';
  },
}));
beforeEach(() => {
  clock.millis = 0;
});

/** Starts a thread that never answers; `ready` and `done` are the values of its control words. */
async function silentThread(ready: number, done: number, options: Partial<ThreadOptions> = {}) {
  const file = path.join(tempFolder(), 'silent.cjs');
  const lines = [
    `const { control, port } = require('node:worker_threads').workerData;`,
    `const words = new Int32Array(control);`,
    `words[${ControlWord.ready}] = ${ready};`,
    `words[${ControlWord.done}] = ${done};`,
    `port.postMessage({ type: 'begun' });`,
    `setInterval(() => {}, 1e6);`,
  ];
  writeFileSync(file, lines.join('\n'));
  const logged: string[] = [];
  let hasBegun = false;
  const handlers: Partial<ProfilerThreadHandlers> = {
    log: (level, text) => void logged.push(`${level}: ${text}`),
    begun: () => {
      hasBegun = true;
    },
    failed: (thrown) => {
      throw thrown;
    },
  };
  const thread = new ProfilerThread(options as ThreadOptions, handlers as ProfilerThreadHandlers, file);
  await pollUntil(() => hasBegun, { what: 'the thread' });
  return { thread, logged };
}

const TOO_EARLY = 'warn: the process ends before the profiler thread has begun: there is no capture';
const TOO_LATE = 'warn: the process ends before the last of the capture is written';

describe('the end of a process waits for a thread that does not answer', () => {
  test.each([
    ['does not start', 0, 0, TOO_EARLY],
    ['makes no last poll', 2, 0, TOO_LATE],
    ['writes without end', 2, 1, TOO_LATE],
  ])('2.5 s at most, once, when it %s', async (_, ready, done, message) => {
    const { thread, logged } = await silentThread(ready, done);
    thread.finishNow(true);
    expect(clock.millis).toBeGreaterThan(2_000);
    expect(clock.millis).toBeLessThanOrEqual(2_510);
    expect(logged).toEqual([message]);
    const waited = clock.millis;
    thread.finishNow(true);
    expect(clock.millis).toBe(waited);
    expect(logged).toHaveLength(1);
  });

  test('for 0.5 s without a capture', async () => {
    const { thread, logged } = await silentThread(2, 0);
    thread.finishNow(false);
    expect(clock.millis).toBeLessThanOrEqual(510);
    expect(logged).toEqual([]);
  });
});

test('an exact capture is waited for until the thread has begun it, 10 s at most', async () => {
  const { thread } = await silentThread(2, 0);
  expect(thread.waitForExactCapture()).toBe(false);
  expect(thread.control[ControlWord.exactLate]).toBe(1);
  expect(clock.millis).toBeGreaterThanOrEqual(10_000);
  expect(clock.millis).toBeLessThanOrEqual(10_010);
  thread.control[ControlWord.exactCaptures] = 2;
  expect(thread.waitForExactCapture()).toBe(true);
});

test('an exact capture is waited for 5 s at most when the thread does not start', async () => {
  const { thread } = await silentThread(0, 0);
  expect(thread.waitForExactCapture()).toBe(false);
  expect(clock.millis).toBeLessThanOrEqual(5_010);
});

test('a thread that has done nothing since a wait in vain is not waited for again', async () => {
  const { thread } = await silentThread(2, 0);
  expect(thread.waitForExactCapture()).toBe(false);
  const waited = clock.millis;
  expect(thread.waitForExactCapture()).toBe(true);
  expect(clock.millis).toBeLessThanOrEqual(waited + 10);
  thread.control[ControlWord.exactCaptures] = 1;
  expect(thread.waitForExactCapture()).toBe(false);
  expect(clock.millis).toBeGreaterThanOrEqual(waited + 10_000);
});

test.each([
  ['stopped', (thread: ProfilerThread) => void thread.stop()],
  ['finished', (thread: ProfilerThread) => thread.finishNow(false)],
])('an exact capture is not waited for when the thread is being %s', async (_, end) => {
  const { thread } = await silentThread(2, 0);
  end(thread);
  const before = clock.millis;
  expect(thread.waitForExactCapture()).toBe(true);
  expect(clock.millis).toBeLessThanOrEqual(before + 10);
  expect(thread.control[ControlWord.exactLate]).toBe(0);
  thread.abandon();
});

test('a request is waited for in full when the thread itself has begun an exact capture', async () => {
  const exact = { youngBytes: 0, sampleMicros: 0, startedMillis: 0 };
  const options = { processCapture: 'shop', exact, endedThreads: [] };
  const { thread } = await silentThread(2, 0, options);
  thread.control[ControlWord.exactCaptures] = 1;
  expect(thread.waitForExactStart()).toBe(true);
  expect(thread.waitForExactCapture()).toBe(false);
  const { thread: later } = await silentThread(2, 0, { ...options, endedThreads: [1] });
  later.control[ControlWord.exactCaptures] = 1;
  expect(later.waitForExactCapture()).toBe(true);
});
