import { expect, test } from 'vitest';
import { Pace } from '../../src/http/pace.js';

test('answers a burst at once, then a request each 5 ms', () => {
  const pace = new Pace(128);
  const delays = Array.from({ length: 103 }, () => pace.delayMillis(1000));
  expect(delays.slice(0, 100)).toEqual(Array(100).fill(0));
  expect(delays.slice(100)).toEqual([5, 10, 15]);
});

test('delays no request by more than as many as can wait, however many were aborted', () => {
  const pace = new Pace(128);
  for (let i = 0; i < 4000; i += 1) pace.delayMillis(1000);
  expect(pace.delayMillis(1000)).toBe(640);
  expect(pace.delayMillis(1640)).toBe(5);
  expect(pace.delayMillis(2645)).toBe(0);
});
