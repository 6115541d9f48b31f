import { afterEach, expect, test, vi } from 'vitest';
import { SamplerRetry } from '../../../src/profiler-thread/polling/sampler-retry.js';

afterEach(() => vi.restoreAllMocks());

const pauses = (retry: SamplerRetry, count: number) =>
  Array.from({ length: count }, () => retry.nextMillis());

test('pauses double up to a minute', () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  expect(pauses(new SamplerRetry(), 8)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
});

test('pauses vary by a quarter, so that processes of one program do not ask together', () => {
  vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(1);
  expect(pauses(new SamplerRetry(), 2)).toEqual([750, 2_500]);
});

test('pauses begin anew only two minutes after the loss before', () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const retry = new SamplerRetry();
  retry.lost(0);
  pauses(retry, 3);
  retry.lost(120_000);
  expect(retry.nextMillis()).toBe(8_000);
  retry.lost(240_001);
  expect(retry.nextMillis()).toBe(1_000);
});
