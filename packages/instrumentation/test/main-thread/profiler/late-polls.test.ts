import { expect, test } from 'vitest';
import { LatePolls } from '../../../src/main-thread/profiler/late-polls.js';
import { MAX_KEPT_POLLS, ProfilerStats } from '../../../src/profiler-thread/profiler-stats.js';
import type { ProfilerSnapshot } from '../../../src/protocol/messages.js';
import { heapView } from '../../support/heap-views.js';

const view = (pollMillis: readonly number[], drops = {}) =>
  heapView({}, { pollMillis, drops }) as unknown as ProfilerSnapshot;

test('adds the durations of a view that came too late to the next one, once', () => {
  const late = new LatePolls();
  late.add(view([1, 2]));
  late.add(view([3]));
  expect(late.with(view([4])).profiler.pollMillis).toEqual([1, 2, 3, 4]);
  expect(late.with(view([5], { capture: 1 })).profiler).toMatchObject({
    pollMillis: [5],
    drops: { capture: 1 },
  });
});

test('bounds the durations when no view comes in time, and counts the rest for good', () => {
  const late = new LatePolls();
  const many = Array.from({ length: MAX_KEPT_POLLS }, () => 1);
  late.add(view(many));
  late.add(view([2, 2]));
  const { profiler } = late.with(view([], { poll_duration: 3 }));
  expect(profiler.pollMillis).toEqual(many);
  expect(profiler.drops).toEqual({ poll_duration: 5 });
  expect(late.with(view([])).profiler.drops).toEqual({ poll_duration: 2 });
});

test('bounds what the profiler thread keeps for a reader, and counts the rest', () => {
  const account = new ProfilerStats();
  for (let at = 0; at < MAX_KEPT_POLLS + 7; at++) account.addPoll(0.5);
  expect(account.takePollMillis()).toHaveLength(MAX_KEPT_POLLS);
  expect(account.drops).toEqual({ poll_duration: 7 });
  expect(account.polls).toBe(MAX_KEPT_POLLS + 7);
});
