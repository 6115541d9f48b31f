import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  ResidentWatch,
  type ResidentWatchDeps,
} from '../../../src/profiler-thread/resident/resident-watch.js';
import type { MainMemory } from '../../../src/protocol/messages.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.spyOn(process, 'platform', 'get').mockReturnValue('linux');
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const MAIN: MainMemory = {
  resident: { array_buffers: 20, external: 5, malloc: 3 },
  heapUsedBytes: 0,
};
const MAPPED = { v8: 400, arenas: 100, blocks: 10, stacks: 8, privateFile: 6 };
const COUNTERS = { file: 1, shared: 2, stack: 3 };

function newWatch(deps: Partial<ResidentWatchDeps> = {}) {
  let cpuMillis = 0;
  const readMapped = vi.fn(() => {
    cpuMillis += 1;
    return MAPPED;
  });
  const watch = new ResidentWatch({
    mainMemory: async () => MAIN,
    readMapped,
    readKernel: () => COUNTERS,
    threadMillis: () => cpuMillis,
    ...deps,
  });
  watch.start();
  return { watch, readMapped };
}

test('knows the mappings soon after the start, and reads them once a minute until it is stopped', async () => {
  const { watch, readMapped } = newWatch();
  expect(watch.kernel()).toEqual({ ...COUNTERS, mapped: undefined });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(watch.kernel()).toEqual({
    ...COUNTERS,
    mapped: { v8: 400, stack: 8, privateFile: 6, malloc: 3, retained: 82, external: 25 },
  });
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(readMapped).toHaveBeenCalledTimes(11);
  watch.stop();
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(readMapped).toHaveBeenCalledTimes(11);
  expect(vi.getTimerCount()).toBe(0);
});

test('reads them more rarely when that takes long, not counting the first time', async () => {
  let cpuMillis = 0;
  const readMapped = vi.fn(() => {
    cpuMillis += 30;
    return MAPPED;
  });
  newWatch({ readMapped, threadMillis: () => cpuMillis });
  await vi.advanceTimersByTimeAsync(2_000 + 60_000);
  expect(readMapped).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(60 * 60_000);
  // Thirty ms at 3 ms a minute: every ten minutes.
  expect(readMapped).toHaveBeenCalledTimes(8);
});

test('keeps the earlier figures when the main thread does not answer', async () => {
  let memory: MainMemory | undefined = MAIN;
  const { watch } = newWatch({ mainMemory: async () => memory });
  await vi.advanceTimersByTimeAsync(2_000);
  memory = undefined;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(watch.kernel()?.mapped?.retained).toBe(82);
});

test('has no mappings when they cannot be read, and tries again', async () => {
  let isReadable = false;
  const readMapped = () => {
    if (!isReadable) throw new Error('EACCES');
    return MAPPED;
  };
  const { watch } = newWatch({ readMapped });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(watch.kernel()).toEqual({ ...COUNTERS, mapped: undefined });
  isReadable = true;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(watch.kernel()?.mapped?.v8).toBe(400);
});

test('returns the present parts, or the last known ones with the present sum while the main thread is busy', async () => {
  let memory: Promise<MainMemory | undefined> = Promise.resolve(undefined);
  const { watch } = newWatch({ mainMemory: () => memory, residentBytes: () => 100 });
  expect(await watch.present()).toBeUndefined();
  memory = Promise.resolve({ resident: { heap: 50, unexplained: -5 }, heapUsedBytes: 40 });
  expect(await watch.present()).toEqual({ heap: 50, unexplained: -5 });
  vi.useRealTimers();
  memory = new Promise(() => {});
  expect(await watch.present()).toEqual({ heap: 50, unexplained: 50 });
  expect(watch.last).toEqual({ heap: 50, unexplained: -5 });
});

test('waits for a busy main thread once, and not for each profile', async () => {
  const busy = Promise.withResolvers<MainMemory | undefined>();
  const mainMemory = vi.fn(() => busy.promise);
  const { watch } = newWatch({ mainMemory });
  expect(await watch.present()).toBeUndefined();
  const turn = () => new Promise((resolve) => setImmediate(() => resolve('it waits')));
  expect(await Promise.race([watch.present(), turn()])).toBeUndefined();
  expect(mainMemory).toHaveBeenCalledTimes(1);
  busy.resolve(MAIN);
  await turn();
  expect(await watch.present()).toEqual(MAIN.resident);
  expect(mainMemory).toHaveBeenCalledTimes(2);
});

test('knows nothing and does nothing on other systems', async () => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin');
  const { watch, readMapped } = newWatch({ readKernel: () => undefined });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(watch.kernel()).toBeUndefined();
  expect(readMapped).not.toHaveBeenCalled();
});
