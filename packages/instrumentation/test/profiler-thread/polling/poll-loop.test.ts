import { describe, expect, test, vi } from 'vitest';
import { ProfilerStats } from '../../../src/profiler-thread/stats/profiler-stats.js';
import type { FakePoller } from '../../support/fake-poller.js';
import { deferred, FIRST_GAP, LONGEST_PAIR, MEDIAN, newLoop, useFakeClock } from '../../support/poll-loop.js';
import { Random } from '../../support/random.js';
import { range, samplesOf } from '../../support/readings.js';

useFakeClock();

describe('polls', () => {
  test('come in pairs, after a random gap', async () => {
    const { runTo, pollTimes, stats, readings } = newLoop();
    await runTo(FIRST_GAP - 2);
    expect(pollTimes()).toEqual([]);
    await runTo(FIRST_GAP + 2);
    expect(pollTimes()).toHaveLength(1);
    await runTo(FIRST_GAP + LONGEST_PAIR + 2);
    expect(pollTimes()).toHaveLength(2);
    await runTo(2 * (FIRST_GAP + LONGEST_PAIR) + 4);
    expect(pollTimes()).toHaveLength(4);
    expect(stats.polls).toBe(4);
    expect(readings()).toBe(4);
  });

  test('are much rarer, and single, in a mode where each forces a collection', async () => {
    const { runTo, pollTimes, ledger, stats } = newLoop('inspector');
    expect(ledger.knowsAllocationBySite).toBe(false);
    await runTo(5000 * MEDIAN - 2);
    expect(pollTimes()).toEqual([]);
    await runTo(5000 * MEDIAN + 1000);
    expect(pollTimes()).toHaveLength(1);
    expect(stats.polls).toBe(1);
    expect(ledger.counts).toMatchObject({ completePairs: 0, interruptedPairs: 0 });
  });

  test('are more frequent while a component is traced', async () => {
    const { runTo, pollTimes } = newLoop('binding', { traced: true });
    await runTo(50 * MEDIAN + 2);
    expect(pollTimes()).toHaveLength(1);
  });

  test('come at the end of each window of leak detection, also where pairs are rarer', async () => {
    const windowMillis = 7_000;
    const pairsOf = async (mode: 'binding' | 'inspector', windows: { windowMillis?: number }) => {
      const { runTo, pollTimes } = newLoop(mode, { cpuBudget: 1e-9 }, windows);
      await runTo(200_000);
      return pollTimes();
    };
    const usual = await pairsOf('binding', {});
    expect(Math.max(...usual.map((at, i) => at - (usual[i - 1] ?? 0)))).toBeGreaterThan(windowMillis);
    const times = await pairsOf('binding', { windowMillis });
    // The first window begins with a poll.
    for (let end = windowMillis; end < 200_000; end += windowMillis) {
      if (end > times[0]!) expect(times.some((at) => at >= end && at <= end + 2)).toBe(true);
    }
    // No pair comes less often, and nothing is polled twice.
    expect(times.length - usual.length).toBeGreaterThan(15);
    expect(times.length - usual.length).toBeLessThanOrEqual(200_000 / windowMillis);
    // There, each poll forces a collection.
    expect(await pairsOf('inspector', { windowMillis })).toEqual(await pairsOf('inspector', {}));
  });

  test('come as often as a traced component needs from then on, also when one at the end of a window is under way', async () => {
    const { loop, runTo, poller, pollTimes } = newLoop(
      'binding',
      { cpuBudget: 1e-9 },
      { windowMillis: 7_000 },
    );
    await runTo(60_000);
    // No pair is due before this window ends, and the gaps between pairs are 10 s and more.
    const { result, give } = deferred();
    poller.answer = () => result;
    await runTo(63_001);
    const polls = pollTimes().length;
    expect(pollTimes().at(-1)).toBe(63_000);
    loop.trace(2 ** 30);
    poller.answer = () => poller.reading([]);
    give(poller.reading([]));
    await runTo(66_000);
    expect(pollTimes().length).toBeGreaterThan(polls + 5);
  });

  test('that come late delay the next pair by no negative time, of which Node warns', async () => {
    const { runTo, poller, pollTimes } = newLoop('binding', { cpuBudget: 1e-9 }, { windowMillis: 7_000 });
    await runTo(60_000);
    const { result, give } = deferred();
    poller.answer = () => result;
    const timers = vi.spyOn(globalThis, 'setTimeout');
    await runTo(200_000);
    poller.answer = () => poller.reading([]);
    give(poller.reading([]));
    const polls = pollTimes().length;
    await runTo(203_000);
    expect(pollTimes().length).toBeGreaterThan(polls);
    for (const [, millis] of timers.mock.calls) expect(millis).toBeGreaterThanOrEqual(1);
  });

  test('wait for the answer without a time limit', async () => {
    const { runTo, poller, pollTimes } = newLoop();
    const { result, give } = deferred();
    poller.answer = () => result;
    await runTo(60_000);
    expect(pollTimes()).toHaveLength(1);
    poller.answer = () => poller.reading([]);
    give(poller.reading([]));
    await runTo(60_000 + LONGEST_PAIR + 2);
    expect(pollTimes()).toHaveLength(2);
  });

  test('that are overdue are counted once, requested once, and stop nothing', async () => {
    const { loop, runTo, poller, pollTimes, stats, logged, ledger } = newLoop();
    poller.answer = () => poller.reading(samplesOf('main', 64, [1, 2]));
    await loop.pollNow();
    poller.answer = () => new Promise(() => {});
    await runTo(3_600_000);
    expect(pollTimes()).toHaveLength(2);
    expect(stats.drops).toEqual({ poll_overdue: 1 });
    expect(logged).toEqual(['info: the main thread has not answered for 10 s; waiting for it']);
    // Samples known before must still be counted.
    expect(ledger.counts.liveSamples).toBe(2);
    loop.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('that arrive in time are not overdue', async () => {
    const { runTo, poller, stats } = newLoop();
    const { result, give } = deferred();
    poller.answer = () => result;
    await runTo(FIRST_GAP + 9_000);
    poller.answer = () => poller.reading([]);
    give(poller.reading([]));
    await runTo(60_000);
    expect(stats.drops).toEqual({});
  });

  test('continue after one that failed unexpectedly', async () => {
    const { runTo, poller, pollTimes, logged } = newLoop();
    poller.answer = () => {
      throw new Error('no such luck');
    };
    await runTo(FIRST_GAP + 2);
    poller.answer = () => poller.reading([]);
    await runTo(2 * FIRST_GAP + 4);
    expect(pollTimes()).toHaveLength(2);
    expect(logged).toEqual(['error: poll failed: no such luck']);
  });
});

describe('a pair', () => {
  /** Answers with these polls in turn, then repeats the last. */
  const script = (poller: FakePoller, readings: readonly number[][]) => {
    const left = [...readings];
    poller.answer = () => {
      const ordinals = left.length > 1 ? left.shift()! : left[0]!;
      return poller.reading(samplesOf('main', 64, ordinals));
    };
  };

  test('without a missing sample is complete, and its samples that die are short-lived samples', async () => {
    const { runTo, poller, ledger } = newLoop();
    script(poller, [[1], [1, 2, 3], [1, 3]]);
    await runTo(FIRST_GAP + LONGEST_PAIR + 2);
    expect(ledger.counts).toMatchObject({ completePairs: 1, interruptedPairs: 0 });
    await runTo(2 * FIRST_GAP + LONGEST_PAIR + 4);
    expect(ledger.counts.shortLivedSamples).toBe(1);
  });

  test('with a missing sample is interrupted', async () => {
    const { runTo, poller, ledger } = newLoop();
    script(poller, [[1], [1, 4], []]);
    await runTo(2 * FIRST_GAP + LONGEST_PAIR + 4);
    expect(ledger.counts).toMatchObject({ completePairs: 0, interruptedPairs: 1 });
    expect(ledger.counts.shortLivedSamples).toBe(0);
  });

  test('in which a known sample died is interrupted', async () => {
    const { runTo, poller, ledger } = newLoop();
    script(poller, [[1], [2, 3], []]);
    await runTo(FIRST_GAP + LONGEST_PAIR + 2);
    expect(ledger.counts).toMatchObject({ completePairs: 0, interruptedPairs: 1 });
  });

  test('is shorter when the program allocates faster', async () => {
    const { runTo, poller, pollTimes } = newLoop();
    // At 512 MB/s, a few megabytes take a few milliseconds.
    const born = () => range(1, Math.ceil(performance.now() % 1e9));
    poller.answer = () => poller.reading(samplesOf('main', 64, born()));
    await runTo(3000);
    const times = pollTimes();
    const lastPair = times.at(-1)! - times.at(-2)!;
    const lastGap = times.at(-2)! - times.at(-3)!;
    expect(Math.min(lastPair, lastGap)).toBeGreaterThanOrEqual(1);
    expect(Math.min(lastPair, lastGap)).toBeLessThan(20);
  });
});

describe('an immediate poll', () => {
  test('runs at once', async () => {
    const { loop, pollTimes, readings } = newLoop();
    await loop.pollNow();
    expect(pollTimes()).toEqual([0]);
    expect(readings()).toBe(1);
  });

  test('interrupts the wait inside a pair, which is then discarded', async () => {
    const { ledger, loop, runTo, pollTimes, stats } = newLoop();
    await runTo(FIRST_GAP + 10);
    await loop.pollNow();
    expect(pollTimes()).toHaveLength(2);
    expect(pollTimes()[1]).toBe(Math.round(FIRST_GAP + 10));
    expect(stats.polls).toBe(2);
    expect(ledger.counts).toMatchObject({ completePairs: 0, interruptedPairs: 0 });
    await runTo(2 * FIRST_GAP + 8);
    expect(pollTimes()).toHaveLength(2);
    await runTo(2 * FIRST_GAP + 14);
    expect(pollTimes()).toHaveLength(3);
  });

  test('does not wait for the second poll while the first is in progress', async () => {
    const { loop, runTo, poller, pollTimes } = newLoop();
    const { result, give } = deferred();
    poller.answer = () => result;
    await runTo(FIRST_GAP + 2);
    const done = loop.pollNow();
    poller.answer = () => poller.reading([]);
    give(poller.reading([]));
    await done;
    expect(pollTimes()).toHaveLength(2);
  });

  test('runs once for each request', async () => {
    const { loop, pollTimes } = newLoop();
    await Promise.all([loop.pollNow(), loop.pollNow(), loop.pollNow()]);
    expect(pollTimes()).toHaveLength(3);
  });

  test('does not run without a sampler', async () => {
    const { loop, pollTimes } = newLoop();
    const other = newLoop('none');
    await other.loop.pollNow();
    expect(other.pollTimes()).toEqual([]);
    loop.stop();
    await loop.pollNow();
    expect(pollTimes()).toEqual([]);
  });
});
describe('stop', () => {
  test('ends polling and requests for the sampler', async () => {
    const { loop, runTo, poller, pollTimes, wanted } = newLoop();
    await runTo(FIRST_GAP + 2);
    loop.stop();
    await runTo(10_000);
    expect(pollTimes()).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
    poller.answer = () => ({ status: 'stopped' });
    loop.samplerRefused('failed');
    loop.samplerStarted('binding');
    await runTo(100_000);
    expect(pollTimes()).toHaveLength(1);
    expect(wanted).toEqual([]);
  });
});

describe('the CPU budget', () => {
  /** Runs for an hour with polls of 4 ms and extra work; returns the share of a core in the last 55 minutes. */
  const share = async (else_: (spent: { thread: number; v8Threads: number; own: number }) => void) => {
    const spent = { thread: 0, v8Threads: 0, own: 0 };
    const stats = new ProfilerStats({
      thread: () => spent.thread,
      v8Threads: () => spent.v8Threads,
      ownCollections: () => spent.own,
    });
    const { runTo, poller } = newLoop('binding', {}, { stats });
    // Use random gaps with their mean.
    vi.mocked(Math.random).mockImplementation(new Random(7).next);
    poller.answer = () => {
      spent.thread += 4;
      return poller.reading([]);
    };
    let before = 0;
    for (let second = 1; second <= 3_600; second++) {
      else_(spent);
      await runTo(second * 1000);
      if (second === 300) before = stats.cpuMillis();
    }
    return (stats.cpuMillis() - before) / 3_300_000;
  };

  test.each([
    ['readings alone', () => {}],
    ['work of the thread for clients and metrics', (spent: { thread: number }) => (spent.thread += 2)],
    [
      "V8's threads",
      (spent: { own: number; v8Threads: number }) => {
        spent.own += 1;
        spent.v8Threads += 2;
      },
    ],
  ])('holds for all that profiling costs: %s', async (_, else_) => {
    const part = await share(else_);
    expect(part).toBeLessThan(0.0055);
    expect(part).toBeGreaterThan(0.004);
  });

  test('nearly holds if the interval changes every minute, as each change is followed by quick pairs and forgets no debt', async () => {
    const spent = { thread: 0 };
    const stats = new ProfilerStats({ thread: () => spent.thread });
    const { loop, runTo, poller } = newLoop('binding', {}, { stats });
    vi.mocked(Math.random).mockImplementation(new Random(7).next);
    poller.answer = () => {
      spent.thread += 4;
      return poller.reading([]);
    };
    await runTo(300_000);
    const before = stats.cpuMillis();
    for (let second = 301; second <= 2_100; second++) {
      if (second % 60 === 1) loop.samplerStarted('binding');
      spent.thread += 2.5;
      await runTo(second * 1000);
    }
    // Gaps grow to four times their length at most, which does not make up for twelve quick pairs every minute in full.
    expect((stats.cpuMillis() - before) / 1_800_000).toBeLessThan(0.0058);
  });
});
