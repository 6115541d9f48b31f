// When a larger sampling interval replaces the default one.
import { expect, test } from 'vitest';
import { IntervalPolicy, type SamplingState } from '../../../src/profiler-thread/polling/interval-policy.js';

const CALM: SamplingState = {
  samplingInterval: 65_536,
  liveSamples: 100,
  samplesPerSecond: 10,
  sampleMicros: 12,
  cpuBudget: 0.005,
  mayNotCoarsen: false,
  isFillingWindows: false,
};
const next = (state: Partial<SamplingState>, isAdaptive = true) =>
  new IntervalPolicy({ maxLiveSamples: 20_000, isAdaptive }).next({ ...CALM, ...state })?.samplingInterval;

test.each([
  ['stays where samples are few', {}, undefined],
  ['grows where samples take more than half of the budget', { samplesPerSecond: 210 }, 262_144],
  ['stays where they take less', { samplesPerSecond: 200 }, undefined],
  ['grows earlier where stacks are deep', { samplesPerSecond: 110, sampleMicros: 24 }, 262_144],
  ['grows later where the budget is larger', { samplesPerSecond: 210, cpuBudget: 0.01 }, undefined],
  ['grows where many samples are alive', { liveSamples: 6_001 }, 262_144],
  ['grows once where the next larger one would nearly cost too much', { samplesPerSecond: 590 }, 524_288],
  ['grows by one step where that leaves room', { samplesPerSecond: 570 }, 262_144],
  ['grows once where very many samples are alive', { liveSamples: 17_000 }, 524_288],
  ['has a bound', { samplesPerSecond: 500, samplingInterval: 262_144 }, 524_288],
  ['stays at the bound', { samplesPerSecond: 500, samplingInterval: 524_288 }, undefined],
  ['waits for leak detection', { samplesPerSecond: 310, isFillingWindows: true }, undefined],
  ['waits no longer at half more', { samplesPerSecond: 315, isFillingWindows: true }, 262_144],
  ['waits at half more live samples, too', { liveSamples: 9_000, isFillingWindows: true }, undefined],
  ['stays where samples would be lost', { samplesPerSecond: 500, mayNotCoarsen: true }, undefined],
])('the default interval %s', (_, state, interval) => {
  expect(next(state)).toBe(interval);
});

test('a configured interval grows only with the number of live samples', () => {
  expect(next({ samplesPerSecond: 5_000, liveSamples: 6_001 }, false)).toBeUndefined();
  expect(next({ liveSamples: 20_001 }, false)).toBe(262_144);
});
