import type { Histogram } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { PollDurationRecorder } from '../../../src/main-thread/metrics/poll-duration-recorder.js';
import { PollDurationBuckets } from '../../../src/profiler-thread/stats/poll-durations.js';

/** Makes a recorder whose histogram keeps the seconds that it was given. */
function newRecorder() {
  const seconds: number[] = [];
  const histogram = { record: (value: number) => void seconds.push(value) } as unknown as Histogram;
  return { seconds, recorder: new PollDurationRecorder(histogram) };
}

test('records each poll once, with the right sum and in the right bucket', () => {
  const { seconds, recorder } = newRecorder();
  const durations = new PollDurationBuckets();
  // 0.2 ms is the upper bound of the first bucket.
  for (const millis of [0.2, 0.1, 1.5, 1.9, 2000]) durations.add(millis);
  recorder.record(durations, 1000);
  expect(seconds.map((value) => Number(value.toFixed(9)))).toEqual([0.00015, 0.00015, 0.0017, 0.0017, 2]);
  recorder.record(durations, 1000);
  expect(seconds).toHaveLength(5);
  durations.add(1.6);
  recorder.record(durations, 1000);
  expect(seconds).toHaveLength(6);
  expect(seconds.reduce((sum, value) => sum + value)).toBeCloseTo(2.0053, 9);
});

test('spreads many polls over several collections', () => {
  const { seconds, recorder } = newRecorder();
  const durations = new PollDurationBuckets();
  for (let poll = 0; poll < 4_500; poll++) durations.add(poll % 3 === 0 ? 0.3 : 3);
  const recorded = () => {
    recorder.record(durations, 1000);
    return seconds.length;
  };
  expect([recorded(), recorded(), recorded(), recorded()]).toEqual([2_000, 4_000, 4_500, 4_500]);
  expect(seconds.reduce((sum, value) => sum + value)).toBeCloseTo(1.5 * 0.3 + 3 * 3, 6);
});

test('begins anew with another profiler', () => {
  const { seconds, recorder } = newRecorder();
  const durations = new PollDurationBuckets();
  durations.add(3);
  recorder.record(durations, 1000);
  recorder.record(durations, 2000);
  expect(seconds).toEqual([0.003, 0.003]);
});
