import { expect, test, vi } from 'vitest';
import { ExactRun } from '../../../src/profiler-thread/polling/exact-run.js';
import type { ExactDeps } from '../../../src/profiler-thread/polling/poll-loop-deps.js';
import { monotonicMillis } from '../../../src/protocol/steady-clock.js';

function makeRun(maxObjects?: number) {
  const exact = {
    samplerChanges: () => 0,
    poller: {
      heapUsage: vi.fn(async () => ({ usedBytes: 0, committedBytes: 0, bufferBytes: 0 })),
      endExact: vi.fn(),
    },
    setReading: vi.fn(),
    onBegin: vi.fn(),
    onWaited: vi.fn(),
    onLost: vi.fn(),
    onEnd: vi.fn(),
  } satisfies ExactDeps;
  const log = vi.fn();
  const start = { youngBytes: 2 ** 20, sampleMicros: 2, startedMillis: monotonicMillis() };
  return { run: new ExactRun(start, { exact, isResuming: false, maxObjects, log }), exact, log };
}

test('the program waits while a poll is read, and goes on if that fails', async () => {
  const { run, exact } = makeRun();
  expect(await run.whileWaiting(async () => exact.setReading.mock.calls.length)).toBe(1);
  await expect(run.whileWaiting(async () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  expect(exact.setReading.mock.calls).toEqual([[true], [false], [true], [false]]);
});

test('what a poll has only counted is told and summed up', () => {
  const { run, exact } = makeRun();
  run.polled({ fresh: 10, unseen: 0, live: 10 }, 1);
  run.polled({ fresh: 5, unseen: 3, live: 12 }, 1);
  expect(exact.onLost.mock.calls).toEqual([[3]]);
  expect(run.counts.summary(performance.now())).toMatchObject({ seen: 15, lost: 3 });
});

test('too many live objects end it, with one request and one line', () => {
  const { run, exact, log } = makeRun(100);
  run.polled({ fresh: 100, unseen: 0, live: 100 }, 1);
  expect(run.endReason).toBeUndefined();
  run.polled({ fresh: 1, unseen: 0, live: 101 }, 1);
  run.polled({ fresh: 1, unseen: 0, live: 102 }, 1);
  expect(run.endReason).toBe('101 objects are alive, and exact mode follows 100 at most');
  expect(exact.poller.endExact).toHaveBeenCalledOnce();
  expect(log).toHaveBeenCalledOnce();
});

test('does not poll any more once it has ended', async () => {
  const { run, exact } = makeRun();
  let polls = 0;
  const followed = run.follow(
    async () => {
      polls++;
      run.end({ why: undefined, isComplete: true });
    },
    async () => {},
  );
  await followed;
  expect(polls).toBe(1);
  expect(exact.onEnd).toHaveBeenCalledOnce();
});

test('does not poll if it ends while a capture gets ready', async () => {
  const { run } = makeRun();
  const poll = vi.fn(async () => {});
  await run.follow(poll, async () => run.end({ why: 'the sampler is lost', isComplete: false }));
  expect(poll).not.toHaveBeenCalled();
});
