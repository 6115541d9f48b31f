import { expect, test } from 'vitest';
import { ProfilerStats } from '../../../src/profiler-thread/stats/profiler-stats.js';
import { monotonicMillis } from '../../../src/protocol/steady-clock.js';
import { deferred, newLoop, useFakeClock } from '../../support/poll-loop.js';
import { range, samplesOf } from '../../support/readings.js';

useFakeClock();

const MIB = 2 ** 20;
const START = { youngBytes: 8 * MIB, sampleMicros: 2, startedMillis: 0 };

/** Makes a loop in exact mode, of a program that allocates 1 MiB a ms. */
function newExactLoop(options: Parameters<typeof newLoop>[1] = {}) {
  const made = newLoop('none', options, { samplingInterval: 1 });
  made.poller.usedBytes = () => performance.now() * MIB;
  made.loop.samplerStarted('binding', 1, START);
  /** Shows these live samples from now on. */
  const show = (ordinals: readonly number[]) => {
    made.poller.answer = () => made.poller.readingAt(1, samplesOf('main', 40, ordinals));
  };
  return { ...made, show };
}

test('polls are single, and follow what is allocated', async () => {
  const { runTo, pollTimes, ledger } = newExactLoop();
  await runTo(41);
  expect(pollTimes()).toEqual([4, 8, 12, 16, 20, 24, 28, 32, 36, 40]);
  expect(ledger.counts).toMatchObject({ completePairs: 0, interruptedPairs: 0 });
});

test('the program waits while a poll is read', async () => {
  const { loop, poller, reading } = newExactLoop();
  await loop.pollNow();
  expect(poller.waits).toEqual([2000]);
  expect(reading).toEqual([true, false]);
});

test('the program does not wait when samples may be lost', async () => {
  const { loop, poller } = newExactLoop({ exactOverload: 'lose' });
  await loop.pollNow();
  expect(poller.waits).toEqual([0]);
});

test('unseen samples are counted as lost, with the mean size of the others', async () => {
  const { loop, show, stats, ledger } = newExactLoop();
  show(range(1, 10));
  await loop.pollNow();
  expect(stats.drops).toEqual({});
  show(range(111, 120));
  await loop.pollNow();
  expect(stats.drops).toEqual({ exact_allocation: 100 });
  expect(ledger.pendingBytes).toBe(100 * 40);
  ledger.attribute(0, true);
  expect(ledger.allocatedBytes(ledger.unobservedNode)).toBe(100 * 40);
  expect(ledger.counts).toMatchObject({ samples: 120, unseenSamples: 100, sampledBytes: 120 * 40 });
});

test("heapray's own samples are neither recorded nor lost", async () => {
  const { loop, poller, stats, ledger } = newExactLoop();
  // The sampler shows the mark behind the collection; four samples before it have died.
  const collected = [{ ordinal: 15, stack: 'heapray: collected', size: 80 }];
  const show = (ordinals: readonly number[], own = collected) => {
    poller.answer = () => poller.readingAt(1, [...samplesOf('main', 40, ordinals), ...own]);
  };
  show(range(1, 10), []);
  await loop.pollNow();
  show(range(16, 20));
  await loop.pollNow();
  expect(stats.drops).toEqual({});
  expect(ledger.counts).toMatchObject({ samples: 15, unseenSamples: 0, liveSamples: 5 });
  // The mark is still alive, and known.
  show(range(16, 21));
  await loop.pollNow();
  expect(ledger.counts).toMatchObject({ samples: 16, liveSamples: 6 });
});

test('a major collection follows a poll when the heap has grown by 8 MiB', async () => {
  const { poller, runTo } = newExactLoop();
  poller.usedBytes = () => 3 * MIB;
  await runTo(600);
  expect(poller.majors).toBe(0);
  poller.usedBytes = () => 12 * MIB;
  await runTo(2000);
  expect(poller.majors).toBe(1);
});

test('too many live objects end exact mode, once, and the rest is sampled', async () => {
  const { loop, show, poller, logged, exactEnds, completeEnds } = newExactLoop({ maxExactObjects: 10 });
  expect(loop.isExact).toBe(true);
  show(range(1, 11));
  await loop.pollNow();
  show(range(1, 12));
  await loop.pollNow();
  expect(poller.exactEnds).toBe(1);
  expect(exactEnds).toEqual([]);
  expect(loop.isExact).toBe(false);
  loop.samplerStarted('binding', 8192);
  expect(completeEnds).toEqual([true]);
  expect(exactEnds).toEqual(['11 objects are alive, and exact mode follows 10 at most']);
  expect(logged[0]).toBe(
    'warn: exact mode ends, allocations are sampled from now on: 11 objects are alive, and exact mode follows 10 at most',
  );
  expect(logged[1]).toContain('sampling every 8192 bytes instead of 1 from now on');
});

test('a poll of a sampler that the main thread has just replaced is discarded', async () => {
  const { loop, show, changeSampler, ledger, logged, completeEnds } = newExactLoop();
  show(range(1, 10));
  await loop.pollNow();
  changeSampler();
  expect(loop.isExact).toBe(false);
  show(range(1, 3));
  expect(await loop.pollLast(1000)).toBe(false);
  expect(ledger.counts.liveSamples).toBe(10);
  loop.samplerStarted('binding', 8192);
  expect(completeEnds).toEqual([true]);
  expect(logged.filter((line) => line.startsWith('warn'))).toEqual([]);
});

test('a poll is discarded when the main thread has replaced the sampler twice and has told of the first time only', async () => {
  const { loop, show, poller, changeSampler, ledger, logged } = newExactLoop();
  show(range(1, 10));
  await loop.pollNow();
  changeSampler();
  changeSampler();
  loop.samplerStarted('binding', 8192, undefined, 1);
  // The second sampler is being prepared: none runs.
  poller.answer = () => ({ status: 'stopped' });
  await loop.pollNow();
  loop.samplerStarted('binding', 1, START, 2);
  show(range(1, 3));
  await loop.pollNow();
  expect(ledger.counts.liveSamples).toBe(3);
  expect(logged.filter((line) => line.startsWith('warn'))).toEqual([]);
});

test('the cost counts from the start of the sampler on', async () => {
  const { loop } = newExactLoop();
  const now = monotonicMillis();
  loop.samplerStarted('binding', 1, { ...START, startedMillis: now - 5000 });
  expect(loop.exactCounts?.summary(performance.now()).wallMillis).toBeGreaterThanOrEqual(5000);
});

test('what is alive stays in use when a new profiler thread resumes exact mode', async () => {
  const { loop, ledger, poller } = newLoop('none', {}, { samplingInterval: 1 });
  ledger.resume();
  loop.samplerStarted('binding', 1, START);
  const kept = [...samplesOf('main', 40, range(1, 10)), ...samplesOf('heapray: collected', 80, [11])];
  poller.answer = () => poller.readingAt(1, kept);
  await loop.pollNow();
  const more = [...samplesOf('main', 40, range(1, 10)), ...samplesOf('main', 40, [12])];
  poller.answer = () => poller.readingAt(1, more);
  await loop.pollNow();
  expect(ledger.counts).toMatchObject({ samples: 1, unseenSamples: 0, liveSamples: 11 });
  // A sampler that starts later has no marks of an earlier thread.
  loop.samplerStarted('binding', 8192);
  loop.samplerStarted('binding', 1, START);
  poller.restarted();
  poller.answer = () => poller.readingAt(1, kept);
  await loop.pollNow();
  expect(ledger.counts.liveSamples).toBe(0);
});

test('an open poll counts when the main thread has kept the sampler', async () => {
  const { loop, poller, ledger, runTo, pollTimes } = newExactLoop();
  const { result, give } = deferred();
  poller.answer = () => result;
  const polled = loop.pollNow();
  await runTo(1);
  expect(pollTimes()).toEqual([0]);
  loop.samplerKept();
  give(poller.readingAt(1, samplesOf('main', 40, range(1, 10))));
  await polled;
  expect(ledger.counts.liveSamples).toBe(10);
});

test('the program does not wait for a poll that is open at the end', async () => {
  const { loop, poller, reading } = newExactLoop();
  poller.answer = () => deferred().result;
  void loop.pollNow();
  await Promise.resolve();
  expect(reading).toEqual([true]);
  loop.stop();
  expect(reading).toEqual([true, false]);
});

test('too many live objects leave a gap before the end when the program does not wait for polls', async () => {
  const { loop, show, completeEnds } = newExactLoop({ maxExactObjects: 10, exactOverload: 'lose' });
  show(range(1, 11));
  await loop.pollNow();
  loop.samplerStarted('binding', 8192);
  expect(completeEnds).toEqual([false]);
});

test('a last poll that does not come in time is reported', async () => {
  const { loop, show, poller, runTo } = newExactLoop();
  show(range(1, 10));
  expect(await loop.pollLast(1000)).toBe(true);
  poller.answer = () => deferred().result;
  const polled = loop.pollLast(1000);
  await runTo(1001);
  expect(await polled).toBe(false);
});

test('the loss of the sampler ends exact mode', async () => {
  const { loop, poller, exactEnds, completeEnds } = newExactLoop();
  poller.answer = () => ({ status: 'stopped' });
  await loop.pollNow();
  expect(exactEnds).toEqual(['somebody stopped the heap sampler']);
  expect(completeEnds).toEqual([false]);
  expect(loop.isExact).toBe(false);
});

test('a sampler of other code is noticed before it has a sample, as each poll allocates', async () => {
  const { loop, show, exactEnds } = newExactLoop();
  show(range(1, 10));
  await loop.pollNow();
  show([]);
  await loop.pollNow();
  expect(exactEnds).toEqual(['somebody restarted the heap sampler']);
});

test('no poll follows the end', async () => {
  const { loop, runTo, pollTimes } = newExactLoop();
  await runTo(9);
  loop.stop();
  await runTo(1000);
  expect(pollTimes()).toEqual([4, 8]);
});

test('what exact mode costs delays no polls behind it', async () => {
  const pollsAfter = async (exactMillis: number) => {
    const spent = { thread: 0 };
    const stats = new ProfilerStats({ thread: () => spent.thread });
    const { loop, poller, runTo, pollTimes } = newLoop('binding', {}, { stats });
    const begin = performance.now();
    poller.usedBytes = () => 0;
    poller.answer = () => {
      spent.thread += 4;
      return poller.reading([]);
    };
    await runTo(begin + 60_000);
    loop.samplerStarted('binding', 1, START);
    spent.thread += exactMillis;
    loop.samplerStarted('binding', 64 * 1024);
    const polls = pollTimes().length;
    await runTo(begin + 120_000);
    return pollTimes().length - polls;
  };
  // By the time at which it begins, a run may have one poll more; with the delay it has a third fewer.
  expect(await pollsAfter(100_000)).toBeGreaterThan(0.9 * (await pollsAfter(0)));
});
