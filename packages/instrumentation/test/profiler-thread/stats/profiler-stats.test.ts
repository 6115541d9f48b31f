// The profiler's own cost, computed from fake sources.
import { describe, expect, test } from 'vitest';
import { ProfilerStats } from '../../../src/profiler-thread/stats/profiler-stats.js';
import { v8Threads } from '../../../src/profiler-thread/stats/v8-threads.js';

function newAccount({ tellsV8Threads = true } = {}) {
  const spent = { thread: 100, v8Threads: 50, own: 5, host: 20 };
  const stats = new ProfilerStats({
    thread: () => spent.thread,
    v8Threads: tellsV8Threads ? () => spent.v8Threads : undefined,
    ownCollections: () => spent.own,
    hostCollections: () => spent.host,
  });
  let at = 0;
  const look = () => {
    at += 10_000;
    stats.lookAtV8Threads(at);
  };
  return { stats, spent, look };
}

describe('CPU time', () => {
  test("is the sum of the thread, pauses, samples and V8's threads", () => {
    const { stats, spent, look } = newAccount();
    stats.addPoll(2);
    stats.addPause(3);
    stats.addSamples(1000, 15);
    spent.thread += 10;
    spent.own += 4;
    spent.host += 12;
    spent.v8Threads += 8;
    look();
    expect(stats.cpuParts()).toEqual({
      thread: 110,
      pauses: 5.5,
      sampling: expect.closeTo(11.3),
      v8Threads: 2,
    });
    expect(stats.cpuMillis()).toBeCloseTo(110 + 5.5 + 11.3 + 2);
    expect(stats.workMillis()).toBe(115.5);
  });

  test('never decreases, whatever the sources return', () => {
    const { stats, spent, look } = newAccount();
    let last = stats.cpuMillis();
    for (const change of [5, -3, 4, -40, 100]) {
      spent.v8Threads += change;
      spent.own += change / 10;
      spent.host += change / 5;
      look();
      expect(stats.cpuMillis()).toBeGreaterThanOrEqual(last);
      last = stats.cpuMillis();
    }
    expect(Number.isFinite(last)).toBe(true);
  });
});

describe('a sample', () => {
  test.each([
    [8, 9.8],
    [33, 15.3],
    [63, 21.9],
  ])('with %d frames costs %d microseconds', (frames, micros) => {
    const { stats } = newAccount();
    for (let i = 0; i < 50; i++) stats.addSamples(10, frames);
    expect(stats.sampleMicros).toBeCloseTo(micros, 1);
  });

  test('never seen costs as much as earlier ones', () => {
    const { stats } = newAccount();
    stats.addSamples(500, undefined);
    stats.addSamples(500, 15);
    expect(stats.cpuParts().sampling).toBeCloseTo(11.3);
  });
});

describe("V8's threads", () => {
  test('are charged in full where only the profiler thread collects', () => {
    const { stats, spent, look } = newAccount();
    spent.own += 10;
    spent.v8Threads += 15;
    look();
    expect(stats.cpuParts().v8Threads).toBe(15);
  });

  test('are not charged where only the application collects', () => {
    const { stats, spent, look } = newAccount();
    spent.host += 500;
    spent.v8Threads += 800;
    look();
    expect(stats.cpuParts().v8Threads).toBe(0);
  });

  test('are charged for at most four threads during own collections', () => {
    const { stats, spent, look } = newAccount();
    spent.own += 1;
    spent.v8Threads += 10_000;
    look();
    expect(stats.cpuParts().v8Threads).toBe(4);
  });

  test('are charged for the duration of own collections where the system does not report them', () => {
    const { stats, spent, look } = newAccount({ tellsV8Threads: false });
    spent.own += 3;
    look();
    expect(stats.cpuParts().v8Threads).toBe(3);
  });

  test('are read every 5 s', () => {
    const { stats, spent } = newAccount();
    stats.lookAtV8Threads(0);
    spent.own += 1;
    spent.v8Threads += 1;
    stats.lookAtV8Threads(4_999);
    expect(stats.cpuParts().v8Threads).toBe(0);
    stats.lookAtV8Threads(5_000);
    expect(stats.cpuParts().v8Threads).toBe(1);
  });

  const threads = (names: Record<number, string>) =>
    Object.entries(names).map(([id, name]) => ({ id: Number(id), name }));

  test.each([
    ['V8Worker', 'MainThread'],
    ['node-V8Worker', 'node-MainThread'],
  ])('are told by their name %s', (worker, main) => {
    const all = threads({
      100: main,
      101: 'DelayedTaskSche',
      102: worker,
      103: worker,
      104: 'libuv-worker',
      105: 'heapray',
    });
    expect(v8Threads(all, 100).map(({ id }) => id)).toEqual([102, 103]);
  });

  test('are the first ones started where threads have no names', () => {
    const names = Object.fromEntries([...Array(12).keys()].map((i) => [100 + i, 'node']));
    expect(v8Threads(threads(names), 100).map(({ id }) => id)).toEqual([101, 102, 103, 104, 105]);
  });
});
