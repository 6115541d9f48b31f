import { expect, test } from 'vitest';
import type { LimitUse } from '../../../src/profiler-thread/near-limit/limit-use.js';
import { LookSchedule } from '../../../src/profiler-thread/near-limit/look-schedule.js';

const MIB = 2 ** 20;
const use = (used: number, limit: number): LimitUse => ({
  kind: 'heap',
  usedBytes: used * MIB,
  limitBytes: limit * MIB,
});

test('notices 80 % of a limit before it is exceeded when a heap grows by 200 MB/s', () => {
  for (const limit of [64, 512, 4096]) {
    const schedule = new LookSchedule();
    let used = 10;
    let looks = 0;
    for (schedule.observe([use(used, limit)]); !schedule.isNear; schedule.observe([use(used, limit)])) {
      const gap = schedule.gapMillis([use(used, limit)]);
      expect(gap).toBeGreaterThanOrEqual(25);
      used += (200 * gap) / 1000;
      looks++;
    }
    expect(used / limit).toBeLessThan(limit === 64 ? 0.9 : 0.82);
    expect(looks).toBeLessThan(80);
  }
});

test('looks every 2 s when all limits are far', () => {
  const schedule = new LookSchedule();
  schedule.observe([use(300, 4096)]);
  expect(schedule.isNear).toBe(false);
  expect(schedule.gapMillis([use(300, 4096)])).toBe(2_000);
  expect(schedule.shouldPrepare([use(300, 4096)])).toBe(false);
  expect(schedule.gapMillis([])).toBe(2_000);
});

test('takes the limit that is nearest when there are several', () => {
  const schedule = new LookSchedule();
  const uses = [use(300, 4096), { ...use(490, 512), kind: 'cgroup' } as const];
  expect(schedule.shouldPrepare(uses)).toBe(true);
  schedule.observe(uses);
  expect(schedule.isNear).toBe(true);
});

test('stays near until the use falls below 70 %', () => {
  const schedule = new LookSchedule();
  const isNear = [79, 85, 72, 69, 75, 81].map((used) => {
    schedule.observe([use(used, 100)]);
    return schedule.isNear;
  });
  expect(isNear).toEqual([false, true, true, false, false, true]);
});

test('is near when V8 has committed nearly all of its limit, although a quarter of that is free', () => {
  const schedule = new LookSchedule();
  const uses = [{ ...use(78, 100), committedBytes: 92 * MIB }];
  expect(schedule.shouldPrepare(uses)).toBe(true);
  schedule.observe(uses);
  expect(schedule.isNear).toBe(true);
});

test('is not near when V8 has committed nearly all of its limit, and half of that is free', () => {
  const schedule = new LookSchedule();
  schedule.observe([{ ...use(50, 100), committedBytes: 99 * MIB }]);
  expect(schedule.isNear).toBe(false);
});
