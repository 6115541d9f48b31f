import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PollLoop, type PollLoopOptions } from '../../src/agent/poll-loop.js';
import { SelfAccount } from '../../src/agent/self-account.js';
import type { PollResult } from '../../src/source/heap-poller.js';
import type { SamplerMode } from '../../src/source/sampling-profile.js';
import { FakePoller } from '../support/fake-poller.js';
import { INTERVAL, newLedger } from '../support/ledger-sums.js';
import { range, samplesOf } from '../support/readings.js';

/** With every random number in the middle, a gap is its median and a retry its nominal time. */
const MEDIAN = Math.LN2;
const FIRST_GAP = 200 * MEDIAN;
/** As long as the rate of allocation is unknown. */
const LONGEST_PAIR = 250;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function newLoop(mode: SamplerMode | 'none' = 'binding', options: Partial<PollLoopOptions> = {}) {
  const ledger = newLedger();
  const poller = new FakePoller();
  const account = new SelfAccount();
  const wanted: number[] = [];
  const coarser: number[] = [];
  const logged: string[] = [];
  let readings = 0;
  const loop = new PollLoop(
    {
      ledger,
      poller,
      account,
      wantSampler: () => wanted.push(performance.now()),
      wantCoarser: (samplingInterval) => coarser.push(samplingInterval),
      isFollowed: () => false,
      onReading: () => readings++,
      log: (level, text) => logged.push(`${level}: ${text}`),
    },
    { cpuBudget: 0.005, traced: false, maxLiveSamples: 20_000, ...options },
  );
  const start = performance.now();
  if (mode !== 'none') loop.samplerStarted(mode);
  /** Lets time go by, up to so many ms after the start. */
  const runTo = (millis: number) => vi.advanceTimersByTimeAsync(start + millis - performance.now());
  /** When polls were made, ms since the start. */
  const pollTimes = () => poller.times.map((at) => Math.round(at - start));
  return {
    ledger,
    poller,
    account,
    loop,
    wanted,
    coarser,
    logged,
    start,
    runTo,
    pollTimes,
    readings: () => readings,
  };
}

/** An answer that is given when the test says so. */
function deferred() {
  let give: (result: PollResult) => void = () => {};
  const result = new Promise<PollResult>((resolve) => {
    give = resolve;
  });
  return { result, give };
}

describe('polls', () => {
  test('come in pairs, after a random gap', async () => {
    const { runTo, pollTimes, account, readings } = newLoop();
    await runTo(FIRST_GAP - 2);
    expect(pollTimes()).toEqual([]);
    await runTo(FIRST_GAP + 2);
    expect(pollTimes()).toHaveLength(1);
    await runTo(FIRST_GAP + LONGEST_PAIR + 2);
    expect(pollTimes()).toHaveLength(2);
    await runTo(2 * (FIRST_GAP + LONGEST_PAIR) + 4);
    expect(pollTimes()).toHaveLength(4);
    expect(account.polls).toBe(4);
    expect(readings()).toBe(4);
  });

  test('are rarer by far, and single, where each forces a collection', async () => {
    const { runTo, pollTimes, ledger, account } = newLoop('inspector');
    expect(ledger.knowsAllocationBySite).toBe(false);
    await runTo(5000 * MEDIAN - 2);
    expect(pollTimes()).toEqual([]);
    await runTo(5000 * MEDIAN + 1000);
    expect(pollTimes()).toHaveLength(1);
    expect(account).toMatchObject({ polls: 1, wholePairs: 0, cutPairs: 0 });
  });

  test('are more frequent while a component is traced', async () => {
    const { runTo, pollTimes } = newLoop('binding', { traced: true });
    await runTo(50 * MEDIAN + 2);
    expect(pollTimes()).toHaveLength(1);
  });

  test('wait for the answer, however long it takes', async () => {
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

  test('that are overdue are counted once, asked for once, and stop nothing', async () => {
    const { loop, runTo, poller, pollTimes, account, logged, ledger } = newLoop();
    poller.answer = () => poller.reading(samplesOf('main', 64, [1, 2]));
    await loop.pollNow();
    poller.answer = () => new Promise(() => {});
    await runTo(3_600_000);
    expect(pollTimes()).toHaveLength(2);
    expect(account.drops).toEqual({ poll_overdue: 1 });
    expect(logged).toEqual(['info: the main thread has not answered for 10 s; waiting for it']);
    // What was known before is still there to be told.
    expect(ledger.counts.liveSamples).toBe(2);
    loop.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('that come in time are not overdue', async () => {
    const { runTo, poller, account } = newLoop();
    const { result, give } = deferred();
    poller.answer = () => result;
    await runTo(FIRST_GAP + 9_000);
    poller.answer = () => poller.reading([]);
    give(poller.reading([]));
    await runTo(60_000);
    expect(account.drops).toEqual({});
  });

  test('go on after one that failed in an unforeseen way', async () => {
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
  /** Answers with these readings, one after the other, then with the last. */
  const script = (poller: FakePoller, readings: readonly number[][]) => {
    const left = [...readings];
    poller.answer = () => {
      const ordinals = left.length > 1 ? left.shift()! : left[0]!;
      return poller.reading(samplesOf('main', 64, ordinals));
    };
  };

  test('without a sample missing is whole, and its samples that die are evidence', async () => {
    const { runTo, poller, account, ledger } = newLoop();
    script(poller, [[1], [1, 2, 3], [1, 3]]);
    await runTo(FIRST_GAP + LONGEST_PAIR + 2);
    expect(account).toMatchObject({ wholePairs: 1, cutPairs: 0 });
    await runTo(2 * FIRST_GAP + LONGEST_PAIR + 4);
    expect(ledger.counts.earlyDeaths).toBe(1);
  });

  test('with a sample missing is cut', async () => {
    const { runTo, poller, account, ledger } = newLoop();
    script(poller, [[1], [1, 4], []]);
    await runTo(2 * FIRST_GAP + LONGEST_PAIR + 4);
    expect(account).toMatchObject({ wholePairs: 0, cutPairs: 1 });
    expect(ledger.counts.earlyDeaths).toBe(0);
  });

  test('in which a known sample died is cut', async () => {
    const { runTo, poller, account } = newLoop();
    script(poller, [[1], [2, 3], []]);
    await runTo(FIRST_GAP + LONGEST_PAIR + 2);
    expect(account).toMatchObject({ wholePairs: 0, cutPairs: 1 });
  });

  test('is the shorter the faster the program allocates', async () => {
    const { runTo, poller, pollTimes } = newLoop();
    // 512 MB/s: a few megabytes are a few milliseconds.
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

describe('a reading that somebody wants now', () => {
  test('is taken at once', async () => {
    const { loop, pollTimes, readings } = newLoop();
    await loop.pollNow();
    expect(pollTimes()).toEqual([0]);
    expect(readings()).toBe(1);
  });

  test('ends the wait inside a pair, which then is none', async () => {
    const { loop, runTo, pollTimes, account } = newLoop();
    await runTo(FIRST_GAP + 10);
    await loop.pollNow();
    expect(pollTimes()).toHaveLength(2);
    expect(pollTimes()[1]).toBe(Math.round(FIRST_GAP + 10));
    expect(account).toMatchObject({ polls: 2, wholePairs: 0, cutPairs: 0 });
    await runTo(2 * FIRST_GAP + 8);
    expect(pollTimes()).toHaveLength(2);
    await runTo(2 * FIRST_GAP + 14);
    expect(pollTimes()).toHaveLength(3);
  });

  test('does not wait for the second poll when the first is under way', async () => {
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

  test('comes to all who want one, each with a reading of its own', async () => {
    const { loop, pollTimes } = newLoop();
    await Promise.all([loop.pollNow(), loop.pollNow(), loop.pollNow()]);
    expect(pollTimes()).toHaveLength(3);
  });

  test('is none when there is no sampler', async () => {
    const { loop, pollTimes } = newLoop();
    const other = newLoop('none');
    await other.loop.pollNow();
    expect(other.pollTimes()).toEqual([]);
    loop.stop();
    await loop.pollNow();
    expect(pollTimes()).toEqual([]);
  });
});

describe('a sampler that is gone', () => {
  const losses = [
    ['stopped', (poller: FakePoller) => (poller.answer = () => ({ status: 'stopped' }))],
    ['failed', (poller: FakePoller) => (poller.answer = () => ({ status: 'failed', reason: 'odd' }))],
    [
      'restarted',
      (poller: FakePoller) => {
        poller.restarted();
        poller.answer = () => poller.reading(samplesOf('other', 8, [1]));
      },
    ],
  ] as const;

  test.each(losses)('(%s) is counted, told to the ledger, and wanted again', async (reason, lose) => {
    const { loop, runTo, poller, account, ledger, wanted, logged, start, readings } = newLoop();
    poller.answer = () => poller.reading(samplesOf('main', 64, [1, 2]));
    await loop.pollNow();
    lose(poller);
    await loop.pollNow();
    expect(loop.mode).toBeUndefined();
    expect(account.lostSampler).toEqual({ [reason]: 1 });
    expect(ledger.counts).toMatchObject({ lostSamples: 2, liveSamples: 0 });
    expect(readings()).toBe(2);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatch(/^warn: .*trying again$/);
    const polls = poller.times.length;
    await runTo(999);
    expect(wanted).toEqual([]);
    await runTo(60_000);
    expect(wanted.map((at) => at - start)).toEqual([1000]);
    expect(poller.times).toHaveLength(polls);
  });

  test('during a pair does not count as a pair', async () => {
    const { runTo, poller, account, pollTimes } = newLoop();
    await runTo(FIRST_GAP + 2);
    poller.answer = () => ({ status: 'stopped' });
    await runTo(FIRST_GAP + LONGEST_PAIR + 2);
    expect(pollTimes()).toHaveLength(2);
    expect(account).toMatchObject({ wholePairs: 0, cutPairs: 0, lostSampler: { stopped: 1 } });
  });

  test('is polled again when it has been started again', async () => {
    const { loop, runTo, poller, ledger, pollTimes } = newLoop();
    poller.answer = () => ({ status: 'stopped' });
    await loop.pollNow();
    poller.restarted();
    poller.answer = () => poller.reading(samplesOf('main', 64, [1]));
    loop.samplerStarted('native-api');
    expect(loop.mode).toBe('native-api');
    await runTo(FIRST_GAP + 2);
    expect(pollTimes()).toHaveLength(2);
    expect(ledger.counts.liveSamples).toBe(1);
  });

  test('is wanted less and less often while it is refused, at most once a minute', async () => {
    const { loop, runTo, wanted, start, account } = newLoop('none');
    loop.samplerRefused('taken');
    let answered = 0;
    for (let second = 1; second <= 400; second++) {
      await runTo(second * 1000);
      for (; answered < wanted.length; answered++) loop.samplerRefused('taken');
    }
    const gaps = wanted.map((at, i) => Math.round((at - (wanted[i - 1] ?? start)) / 1000));
    expect(gaps.slice(0, 9)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(account.lostSampler).toEqual({ taken: wanted.length + 1 });
  });

  test('is wanted soon again when the loss before was long ago, later when it was not', async () => {
    const { loop, runTo, poller, wanted } = newLoop();
    const waits: number[] = [];
    const loseAt = async (millis: number) => {
      await runTo(millis);
      const { length } = wanted;
      poller.answer = () => ({ status: 'stopped' });
      const lostAt = performance.now();
      await loop.pollNow();
      await runTo(millis + 30_000);
      waits.push(wanted[length]! - lostAt);
      poller.restarted();
      poller.answer = () => poller.reading([]);
      loop.samplerStarted('binding');
    };
    await loseAt(1_000);
    await loseAt(40_000);
    await loseAt(80_000);
    await loseAt(300_000);
    expect(waits).toEqual([1000, 2000, 4000, 1000]);
  });
});

describe('stop', () => {
  test('ends polling and asking', async () => {
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

describe('too many samples alive', () => {
  const many = samplesOf('main', 64, range(1, 1001));

  test('begin anew at a larger interval; what was in use is carried over', async () => {
    const { loop, poller, account, ledger, coarser, logged } = newLoop('binding', { maxLiveSamples: 1000 });
    poller.answer = () => poller.reading(many.slice(0, 1000));
    await loop.pollNow();
    expect(coarser).toEqual([]);
    poller.answer = () => poller.reading(many);
    await loop.pollNow();
    expect(coarser).toEqual([4 * INTERVAL]);
    expect(account.lostSampler).toEqual({ coarsened: 1 });
    expect(ledger.samplingInterval).toBe(4 * INTERVAL);
    expect(ledger.counts).toMatchObject({ liveSamples: 0, lostSamples: 0, samples: 1001 });
    expect(ledger.totalInUseBytes).toBe(1001 * 64);
    expect(logged).toEqual([expect.stringMatching(/^info: 1001 samples are alive/)]);
    const polls = poller.times.length;
    await loop.pollNow();
    expect(poller.times).toHaveLength(polls);
    poller.restarted();
    poller.answer = () => poller.reading(samplesOf('main', 256, [1]));
    loop.samplerStarted('binding');
    await loop.pollNow();
    expect(ledger.totalInUseBytes).toBe(1001 * 64 + 256);
  });

  test('are kept while single samples are followed, or nothing coarser is possible', async () => {
    for (const [mode, options] of [
      ['binding', { traced: true }],
      ['inspector', {}],
    ] as const) {
      const { loop, poller, coarser } = newLoop(mode, { maxLiveSamples: 1000, ...options });
      poller.answer = () => poller.reading(many);
      await loop.pollNow();
      expect(coarser).toEqual([]);
    }
  });
});
