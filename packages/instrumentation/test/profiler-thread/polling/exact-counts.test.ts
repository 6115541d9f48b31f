import { expect, test } from 'vitest';
import { ExactCounts, exactText } from '../../../src/profiler-thread/polling/exact-counts.js';

test('the slowdown follows from the cost of samples and pauses', () => {
  const counts = new ExactCounts(2, 1000);
  counts.polled(200_000, 50_000, 100);
  const summary = counts.summary(2000);
  expect(summary).toEqual({
    seen: 200_000,
    lost: 50_000,
    wallMillis: 1000,
    costMillis: 600,
    slowdown: 2.5,
    isBounded: false,
  });
  expect(exactText(summary, true)).toBe(
    'exact mode: 200000 allocations recorded, and 50000 more that are only counted in 1.0 s; recording took 0.6 s of the ' +
      'main thread, which ran 2.5 times slower',
  );
});

test('says "at least" when the estimated cost is above the time that has passed', () => {
  const counts = new ExactCounts(2, 0);
  counts.polled(1_000_000, 0, 0);
  expect(exactText(counts.summary(1000), true)).toBe(
    'exact mode: 1000000 allocations recorded and none missed in 1.0 s; recording took at least 0.9 s of the main thread, ' +
      'which ran at least 20.0 times slower',
  );
});

test('says that it does not know how many allocations came after the last poll when the sampler is lost', () => {
  const counts = new ExactCounts(2, 0);
  counts.polled(1000, 0, 0);
  expect(exactText(counts.summary(1000), false)).toContain(
    '1000 allocations recorded and none missed until the last poll, an unknown number after it, in 1.0 s;',
  );
});
