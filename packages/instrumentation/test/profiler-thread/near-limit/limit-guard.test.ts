import type { ProfileContents } from '@heapray/exporter/sinks';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LimitGuard, type LimitGuardDeps } from '../../../src/profiler-thread/near-limit/limit-guard.js';
import type { LimitUse } from '../../../src/profiler-thread/near-limit/limit-use.js';
import { ProfilerStats } from '../../../src/profiler-thread/stats/profiler-stats.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

function newGuard(options: Partial<LimitGuardDeps> = {}) {
  const state = { heap: 0.5, group: undefined as number | undefined, unanswered: 0 };
  const texts: string[] = [];
  const logged: string[] = [];
  const near: { kind: string; profile: string | undefined; message: string }[] = [];
  let problem: Error | undefined;
  const stats = new ProfilerStats({ thread: () => 0 });
  const use = (kind: LimitUse['kind'], share: number): LimitUse => ({
    kind,
    usedBytes: share * 2 ** 30,
    limitBytes: 2 ** 30,
  });
  const prepare = vi.fn(async () => {});
  const pollNow = vi.fn(async () => {});
  const guard = new LimitGuard({
    heap: {
      read: async () => use('heap', state.heap),
      get unansweredMillis() {
        return state.unanswered;
      },
    },
    cgroup: () => (state.group === undefined ? undefined : use('cgroup', state.group)),
    pollNow,
    stats,
    prepare,
    make: async (heading) => ({ pprof: Buffer.from(''), text: heading.join('\n') }),
    describe: () => ['process 7 (shop)'],
    files: {
      replace({ text }: ProfileContents) {
        if (problem) throw problem;
        texts.push(text);
        return '/home/shop_oom.pb.gz';
      },
      prune: () => [],
    },
    onNear: (one) => near.push(one),
    log: (level, text) => logged.push(`${level}: ${text}`),
    ...options,
  });
  guard.start();
  return {
    state,
    texts,
    logged,
    near,
    stats,
    guard,
    prepare,
    pollNow,
    fail: (error: Error | undefined) => {
      problem = error;
    },
    pass: (millis: number) => vi.advanceTimersByTimeAsync(millis),
  };
}

test('writes and loads nothing while every limit is far', async () => {
  const { pass, texts, prepare, pollNow, logged } = newGuard();
  await pass(60_000);
  expect([texts.length, prepare.mock.calls.length, pollNow.mock.calls.length]).toEqual([0, 0, 0]);
  expect(logged).toEqual([]);
});

test('keeps a profile, announces it once, and replaces it while a heap grows to its limit', async () => {
  const { state, pass, texts, near, logged } = newGuard();
  await pass(5_000);
  for (let i = 0; i < 20; i++) {
    state.heap = 0.8 + i / 100;
    await pass(300);
  }
  expect(texts.length).toBeGreaterThan(15);
  expect(texts.at(-1)).toContain(
    "V8's heap is at 99 % of its limit (1014 MiB with new objects of 1.0 GiB), ",
  );
  expect(texts.at(-1)).toMatch(/more than \d+ s ago/);
  expect(near).toEqual([
    expect.objectContaining({ kind: 'heap', profile: '/home/shop_oom.pb.gz', limitBytes: 2 ** 30 }),
  ]);
  expect(logged).toEqual([
    expect.stringMatching(
      /^warn: memory limit near: V8's heap is at 8\d % of its limit \(8\d+ MiB with new objects of 1.0 GiB\); a profile is kept in \/home\/shop_oom.pb.gz$/,
    ),
  ]);
});

test('keeps a profile when the control group is near its limit and the heap is not', async () => {
  const { state, pass, texts, near } = newGuard();
  state.group = 0.93;
  await pass(3_000);
  expect(near[0]?.kind).toBe('cgroup');
  expect(texts[0]).toContain("the control group's memory is at 93 % of its limit");
});

test('writes what is known, and how old it is, when the main thread does not answer', async () => {
  const { state, pass, texts, pollNow } = newGuard({ pollNow: vi.fn(() => new Promise<void>(() => {})) });
  state.heap = 0.9;
  state.unanswered = 4_200;
  await pass(10_000);
  expect(texts.length).toBeGreaterThan(2);
  expect(texts[0]).toContain('the main thread has not answered for 4 s: call sites are that old');
  expect(pollNow).not.toHaveBeenCalled();
});

test('counts each profile that cannot be written, and logs the reason once', async () => {
  const { state, pass, fail, stats, logged, texts, near } = newGuard();
  fail(Object.assign(new Error('cannot replace: no space left on device (ENOSPC)'), { code: 'ENOSPC' }));
  state.heap = 0.95;
  await pass(5_000);
  expect(stats.drops.limit_profile).toBeGreaterThan(5);
  expect(logged.filter((line) => line.includes('ENOSPC'))).toHaveLength(1);
  expect(near[0]?.profile).toBeUndefined();
  fail(undefined);
  await pass(2_000);
  expect(texts.length).toBeGreaterThan(1);
});

test('announces nothing when garbage brings a heap near its limit for a moment', async () => {
  const { state, pass, near, texts } = newGuard();
  for (let i = 0; i < 20; i++) {
    state.heap = 0.85;
    await pass(300);
    state.heap = 0.5;
    await pass(2_300);
  }
  expect(near).toEqual([]);
  expect(texts.length).toBeLessThan(5);
});

test('only announces the limit when no profile is wanted', async () => {
  const { state, pass, texts, near } = newGuard({ files: undefined });
  state.heap = 0.95;
  await pass(5_000);
  expect([texts.length, near.length]).toEqual([0, 1]);
});

test('ends with one message when it fails itself', async () => {
  const { pass, logged, stats } = newGuard({
    heap: { read: () => Promise.reject(new Error('no session')), unansweredMillis: 0 },
  });
  await pass(60_000);
  expect(logged).toEqual(['error: memory limits are not watched any more: no session']);
  expect(stats.drops).toEqual({ limit_guard: 1 });
});

test('does nothing more when it is stopped', async () => {
  const { state, pass, guard, texts } = newGuard();
  guard.stop();
  state.heap = 0.95;
  await pass(60_000);
  expect(texts).toEqual([]);
});
