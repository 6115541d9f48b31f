import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HistoryRecorder, type HistoryRecorderDeps } from '../../../src/profiler-thread/history-recorder.js';
import { newLedger } from '../../support/ledger-sums.js';
import { onlySource } from '../../support/memory-sources.js';
import { Readings, samplesOf } from '../../support/readings.js';

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'performance', 'Date'],
  });
});
afterEach(() => {
  vi.useRealTimers();
});

function newRecorder(deps: Partial<HistoryRecorderDeps> = {}) {
  const ledger = newLedger();
  const readings = new Readings();
  ledger.update(readings.of(samplesOf('main > keep', 1_000, [1, 2])), 0);
  const recorder = new HistoryRecorder({
    sources: onlySource(ledger),
    loop: { mode: 'binding', lastPollMillis: 0 },
    leaks: { siteKeys: [] },
    stats: { cpuMillis: () => 0 },
    clock: Date.now,
    mainMemory: async () => ({ resident: { heap: 5 }, heapUsedBytes: 3 }),
    ...deps,
  });
  return { recorder, ledger };
}

test('records soon after the start, and then every 10 s until it is stopped', async () => {
  const { recorder } = newRecorder();
  await vi.advanceTimersByTimeAsync(30_000);
  const { timesMillis } = recorder.history;
  expect(timesMillis.map((time) => time - timesMillis[0]!)).toEqual([0, 9_000, 19_000, 29_000]);
  expect(recorder.history.heapUsed).toEqual([3, 3, 3, 3]);
  expect(recorder.history.inUse).toEqual([2_000, 2_000, 2_000, 2_000]);
  recorder.stop();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(recorder.history.timesMillis).toHaveLength(4);
  expect(vi.getTimerCount()).toBe(0);
});

test('records what it knows while the main thread does not answer', async () => {
  const { recorder } = newRecorder({ mainMemory: async () => undefined });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(recorder.history.resident).toEqual([]);
  expect(recorder.history.inUse).toEqual([2_000]);
  recorder.stop();
});

test('knows nothing of what is in use while the sampler does not run', async () => {
  const { recorder } = newRecorder({ loop: { mode: undefined, lastPollMillis: undefined } });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(recorder.history.inUse).toEqual([null]);
  expect(recorder.history.heapUsed).toEqual([3]);
  recorder.stop();
});

test('visits samples more rarely the longer that takes', async () => {
  let cpuMillis = 0;
  let visits = 0;
  const { recorder, ledger } = newRecorder({ threadMillis: () => cpuMillis });
  const visit = ledger.forEachReachable.bind(ledger);
  vi.spyOn(ledger, 'forEachReachable').mockImplementation((each) => {
    visits++;
    cpuMillis += 60;
    visit(each);
  });
  await vi.advanceTimersByTimeAsync(600_000);
  expect(visits).toBe(10);
  expect(recorder.history.ages.map(({ values }) => values.filter((value) => value !== null).length)).toEqual(
    Array(6).fill(10),
  );
  recorder.stop();
});
