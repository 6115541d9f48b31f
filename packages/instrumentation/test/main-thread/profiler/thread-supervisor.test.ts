import { expect, test } from 'vitest';
import type { Timers } from '../../../src/main-thread/containment/timers.js';
import type { ProfilerThread } from '../../../src/main-thread/profiler/profiler-thread.js';
import { ThreadSupervisor } from '../../../src/main-thread/profiler/thread-supervisor.js';

/** Makes a supervisor of fake threads, which have ids from 1. */
function supervised({ refuse = false } = {}) {
  const events: string[] = [];
  const waits: { readonly millis: number; readonly work: () => void }[] = [];
  let threads = 0;
  const supervisor = new ThreadSupervisor({
    log: (level, text) => events.push(`${level}: ${text}`),
    timers: {
      after: (millis: number, work: () => void) => waits.push({ millis, work }),
    } as unknown as Timers,
    startThread: (file, isAgain) => {
      if (refuse) throw new Error('no more threads');
      events.push(`start ${file ?? 'own file'}${isAgain ? ' again' : ''}`);
      return { threadId: ++threads } as ProfilerThread;
    },
    onRestart: () => events.push('restarted'),
    onFailure: (why) => events.push(`failure: ${why}`),
  });
  return { supervisor, events, waits };
}

test('a thread that dies is started again, with growing pauses and the ids of the dead ones', () => {
  const { supervisor, events, waits } = supervised();
  supervisor.start();
  expect(supervisor.thread).toEqual({ threadId: 1 });
  for (let death = 1; death <= 8; death++) {
    supervisor.died('out of memory', true);
    expect(supervisor.thread).toBeUndefined();
    expect(supervisor.deaths).toBe(death);
    waits.at(-1)?.work();
    expect(supervisor.thread).toEqual({ threadId: death + 1 });
  }
  expect(waits.map(({ millis }) => millis / 1000)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  expect(supervisor.endedThreads).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(events.slice(0, 4)).toEqual([
    'start own file',
    'error: the profiler thread died and is started again: out of memory',
    'start own file again',
    'restarted',
  ]);
});

test('a first thread that never begins is a failure, not a death', () => {
  const { supervisor, events, waits } = supervised();
  supervisor.start();
  supervisor.died('cannot find the file', false);
  expect(events).toEqual(['start own file', 'failure: cannot find the file']);
  expect(supervisor.deaths).toBe(0);
  expect(waits).toEqual([]);
});

test('a thread that cannot be created is a failure with the reason', () => {
  const { supervisor, events } = supervised({ refuse: true });
  supervisor.start();
  expect(events).toEqual(['failure: no more threads']);
});

test('a later thread that never begins is started again', () => {
  const { supervisor, waits } = supervised();
  supervisor.start();
  supervisor.died('crash', true);
  waits[0]?.work();
  supervisor.died('crash at the start', false);
  expect(supervisor.deaths).toBe(2);
  expect(waits).toHaveLength(2);
});

test('nothing is started after close', () => {
  const { supervisor, events, waits } = supervised();
  supervisor.start();
  supervisor.died('crash', true);
  supervisor.close();
  waits[0]?.work();
  expect(supervisor.thread).toBeUndefined();
  expect(events).not.toContain('restarted');
});
