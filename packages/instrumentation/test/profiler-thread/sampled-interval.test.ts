import { expect, test } from 'vitest';
import { capturesOptions } from '../../src/profiler-thread/captures/captures-options.js';
import { LedgerFactory } from '../../src/profiler-thread/ledger-factory.js';
import { sampledInterval } from '../../src/profiler-thread/sampled-interval.js';
import type { ProfilerThreadOptions } from '../../src/protocol/messages.js';

/** Options of a process that is to be exact, while other code has the sampler. */
const TAKEN = {
  samplingInterval: 1,
  tracedSamplingInterval: 8192,
  exact: undefined,
  detailedTracing: true,
  commandLine: 'node app.js',
  workingFolder: '/app',
  accurateStacks: true,
} as ProfilerThreadOptions;

test('worker threads and captures are sampled at the usual interval when exact mode has not got the sampler', () => {
  const ledgers = new LedgerFactory(TAKEN, () => {});
  expect(ledgers.ofHeap('api').samplingInterval).toBe(1);
  expect(ledgers.ofWorkerHeap('api').samplingInterval).toBe(8192);
  const { commandLine } = capturesOptions(TAKEN, () => {});
  expect(commandLine).toContain('sampled every 8 KiB or more');
});

test('the interval of the options is used without exact mode', () => {
  expect(sampledInterval({ ...TAKEN, detailedTracing: false })).toBe(1);
  expect(sampledInterval({ ...TAKEN, samplingInterval: 65_536 })).toBe(65_536);
});
