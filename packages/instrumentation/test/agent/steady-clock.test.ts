import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { steadyClock } from '../../src/agent/steady-clock.js';

const HOUR = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test("a clock is right when it is made, and goes on steadily when the system's clock steps", () => {
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
