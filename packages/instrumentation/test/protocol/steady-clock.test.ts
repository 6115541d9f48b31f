import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { risingClock, steadyClock } from '../../src/protocol/steady-clock.js';

const HOUR = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('a steady clock is right at first and does not follow steps of the system clock', () => {
  const made = Date.now();
  const clock = steadyClock();
  expect(clock()).toBe(made);
  vi.advanceTimersByTime(5_000);
  vi.setSystemTime(made - HOUR);
  expect(clock()).toBe(made + 5_000);
  vi.setSystemTime(made + 24 * HOUR);
  expect(clock()).toBe(made + 5_000);
  vi.advanceTimersByTime(1_000);
  expect(clock()).toBe(made + 6_000);
});

test('a rising clock follows the system clock, but never goes back', () => {
  const started = Date.now();
  const clock = risingClock(started);
  vi.setSystemTime(started - HOUR);
  expect(clock()).toBe(started);
  vi.setSystemTime(started + HOUR);
  expect(clock()).toBe(started + HOUR);
  vi.setSystemTime(started + 5);
  expect(clock()).toBe(started + HOUR);
  vi.setSystemTime(started + 2 * HOUR);
  expect(clock()).toBe(started + 2 * HOUR);
});
