// Losing, sharing and restarting the sampler.
import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { type FakePoller, scaledSize } from '../../support/fake-poller.js';
import { INTERVAL } from '../../support/ledger-sums.js';
import { FIRST_GAP, LONGEST_PAIR, MEDIAN, newLoop, useFakeClock } from '../../support/poll-loop.js';
import { range, samplesOf } from '../../support/readings.js';

useFakeClock();

describe('a lost sampler', () => {
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

  test.each(losses)('(%s) is counted, reported to the ledger, and requested again', async (reason, lose) => {
    const { loop, runTo, poller, stats, ledger, wanted, logged, start, readings, startedAnew } = newLoop();
    poller.answer = () => poller.reading(samplesOf('main', 64, [1, 2]));
    await loop.pollNow();
    lose(poller);
    await loop.pollNow();
    expect(loop.mode).toBeUndefined();
    expect(stats.lostSampler).toEqual({ [reason]: 1 });
    expect(ledger.counts).toMatchObject({ lostSamples: 2, liveSamples: 0 });
    expect(readings()).toBe(2);
    expect(startedAnew()).toBe(1);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatch(/^warn: .*trying again$/);
    const polls = poller.times.length;
    await runTo(999);
    expect(wanted).toEqual([]);
    await runTo(60_000);
    expect(wanted.map((at) => at - start)).toEqual([1000]);
    expect(poller.times).toHaveLength(polls);
  });

  test('is noticed when all the known samples are dead, if the other one samples more often', async () => {
    const { loop, poller, stats } = newLoop();
    poller.answer = () => poller.reading(samplesOf('main', 64, [1, 2]));
    await loop.pollNow();
    poller.answer = () => poller.readingAt(1024, samplesOf('main', 64, [30, 31]));
    await loop.pollNow();
    expect(stats.lostSampler).toEqual({ restarted: 1 });
    expect(stats.polls).toBe(2);
  });

  test('during a pair spoils the pair', async () => {
    const { ledger, runTo, poller, stats, pollTimes } = newLoop();
    await runTo(FIRST_GAP + 2);
    poller.answer = () => ({ status: 'stopped' });
    await runTo(FIRST_GAP + LONGEST_PAIR + 2);
    expect(pollTimes()).toHaveLength(2);
    expect(stats.lostSampler).toEqual({ stopped: 1 });
    expect(ledger.counts).toMatchObject({ completePairs: 0, interruptedPairs: 0 });
  });

  test('is polled again after a restart', async () => {
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

  test('is requested with growing pauses while refused, at most once a minute', async () => {
    const { loop, runTo, wanted, start, stats } = newLoop('none');
    loop.samplerRefused('taken');
    let answered = 0;
    for (let second = 1; second <= 400; second++) {
      await runTo(second * 1000);
      for (; answered < wanted.length; answered++) loop.samplerRefused('taken');
    }
    const gaps = wanted.map((at, i) => Math.round((at - (wanted[i - 1] ?? start)) / 1000));
    expect(gaps.slice(0, 9)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(stats.lostSampler).toEqual({ taken: wanted.length + 1 });
  });

  test('is requested soon if the previous loss was long ago, and later otherwise', async () => {
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
/** When the main thread can no longer carry out a change that was asked for at the start, in ms. */
const TOO_LATE = 1_200;

describe('too many live samples', () => {
  const many = samplesOf('main', 64, range(1, 1001));

  test('restart the sampler at a larger interval, and what was in use is carried over', async () => {
    const { loop, poller, stats, ledger, restarts, patience, logged, startedAnew } = newLoop('binding', {
      maxLiveSamples: 1000,
    });
    poller.answer = () => poller.reading(many.slice(0, 1000));
    await loop.pollNow();
    expect(restarts).toEqual([]);
    poller.answer = () => poller.reading(many);
    await loop.pollNow();
    await eventually(() => expect(restarts).toEqual([4 * INTERVAL]));
    expect(patience).toEqual([100]);
    expect(startedAnew()).toBe(0);
    loop.samplerStarted('binding', 4 * INTERVAL);
    expect(startedAnew()).toBe(1);
    expect(stats.lostSampler).toEqual({ coarsened: 1 });
    expect(ledger.samplingInterval).toBe(4 * INTERVAL);
    expect(ledger.counts).toMatchObject({ liveSamples: 0, lostSamples: 0, samples: 1001 });
    expect(ledger.totalInUseBytes).toBe(1001 * scaledSize(64));
    expect(logged).toEqual([
      expect.stringMatching(
        /^info: sampling every \d+ bytes instead of \d+ from now on: 1001 samples are alive/,
      ),
    ]);
    poller.restarted();
    poller.answer = () => poller.readingAt(4 * INTERVAL, samplesOf('main', 256, [1]));
    await loop.pollNow();
    expect(ledger.totalInUseBytes).toBe(1001 * scaledSize(64) + scaledSize(256, 4 * INTERVAL));
  });

  test('are still polled while the main thread has no time for a restart', async () => {
    const { loop, poller, ledger, restarts, patience, runTo } = newLoop('binding', { maxLiveSamples: 1000 });
    poller.answer = () => poller.reading(many);
    await loop.pollNow();
    await eventually(() => expect(restarts).toHaveLength(1));
    poller.answer = () => poller.reading(samplesOf('main', 64, range(1, 1501)));
    const polled = loop.pollNow();
    await runTo(TOO_LATE);
    await polled;
    expect(restarts).toHaveLength(1);
    expect(ledger.counts).toMatchObject({ liveSamples: 1501, samples: 1501 });
    // The main thread was too late. Carry over what arrived until the last moment.
    poller.answer = () => poller.reading(samplesOf('main', 64, range(1, 2001)));
    loop.samplerKept();
    await eventually(() => expect(restarts).toEqual([4 * INTERVAL, 4 * INTERVAL]));
    expect(patience).toEqual([100, 400]);
    loop.samplerStarted('binding', 4 * INTERVAL);
    expect(ledger.carriedOver.totalBytes).toBe(2001 * scaledSize(64));
  });

  test('no poll is made between the request and its answer', async () => {
    const { loop, poller, restarts, stats, ledger } = newLoop('binding', { maxLiveSamples: 1000 });
    poller.answer = () => poller.reading(many);
    await loop.pollNow();
    await eventually(() => expect(restarts).toHaveLength(1));
    const before = poller.times.length;
    const polled = loop.pollNow();
    await new Promise((resolve) => setImmediate(resolve));
    expect(poller.times).toHaveLength(before);
    poller.restarted();
    poller.answer = () => poller.readingAt(4 * INTERVAL, samplesOf('main', 256, [1]));
    loop.samplerStarted('binding', 4 * INTERVAL);
    await polled;
    expect(poller.times).toHaveLength(before + 1);
    expect(stats.lostSampler).toEqual({ coarsened: 1 });
    expect(ledger.carriedOver.totalBytes).toBe(1001 * scaledSize(64));
  });

  test.each(['no sampler', "the new one's numbers"])(
    'a poll that finds %s before the answer is no loss',
    async (found) => {
      const { loop, poller, restarts, stats, ledger, logged, runTo } = newLoop('binding', {
        maxLiveSamples: 1000,
      });
      poller.answer = () => poller.reading(many);
      await loop.pollNow();
      await eventually(() => expect(restarts).toHaveLength(1));
      if (found !== 'no sampler') poller.restarted();
      poller.answer = () =>
        found === 'no sampler'
          ? { status: 'stopped' }
          : poller.readingAt(INTERVAL / 64, samplesOf('main', 1, [1]));
      const polled = loop.pollNow();
      await runTo(TOO_LATE);
      await polled;
      expect(stats.lostSampler).toEqual({});
      loop.samplerStarted('binding', 4 * INTERVAL);
      expect(stats.lostSampler).toEqual({ coarsened: 1 });
      expect(ledger.carriedOver.totalBytes).toBe(1001 * scaledSize(64));
      expect(logged.filter((line) => line.startsWith('warn'))).toEqual([]);
    },
  );

  test('a poll of the new sampler before the answer about it is ignored', async () => {
    const { loop, poller, ledger, restarts, stats, runTo } = newLoop('binding', { maxLiveSamples: 1000 });
    poller.answer = () => poller.reading(many);
    await loop.pollNow();
    await eventually(() => expect(restarts).toHaveLength(1));
    poller.answer = () => {
      poller.restarted();
      setImmediate(() => loop.samplerStarted('binding', 4 * INTERVAL));
      return poller.readingAt(4 * INTERVAL, samplesOf('main', 256, [1]));
    };
    const polled = loop.pollNow();
    await runTo(TOO_LATE);
    await polled;
    expect(stats.lostSampler).toEqual({ coarsened: 1 });
    expect(ledger.counts).toMatchObject({ samples: 1001, liveSamples: 0 });
    expect(ledger.carriedOver.totalBytes).toBe(1001 * scaledSize(64));
  });

  test('are carried over when the sampler was stopped, but other code has taken it meanwhile', async () => {
    const { loop, poller, ledger, restarts, wanted, runTo } = newLoop('binding', { maxLiveSamples: 1000 });
    poller.answer = () => poller.reading(many);
    await loop.pollNow();
    await eventually(() => expect(restarts).toHaveLength(1));
    loop.samplerRefused('taken');
    expect(loop.mode).toBeUndefined();
    expect(ledger.samplingInterval).toBe(4 * INTERVAL);
    expect(ledger.carriedOver.totalBytes).toBe(1001 * scaledSize(64));
    await runTo(5000);
    expect(wanted).toHaveLength(1);
  });

  test('a sampler lost before the answer is asked for after it', async () => {
    const { loop, poller, restarts, wanted, runTo } = newLoop('binding', { maxLiveSamples: 1000 });
    poller.answer = () => poller.reading(many);
    await loop.pollNow();
    await eventually(() => expect(restarts).toHaveLength(1));
    poller.answer = () => ({ status: 'stopped' });
    const polled = loop.pollNow();
    await runTo(5000);
    await polled;
    expect(wanted).toEqual([]);
    loop.samplerKept();
    await loop.pollNow();
    await runTo(10_000);
    expect(wanted.length).toBeGreaterThan(0);
  });

  test('may have died before the request; then nothing is restarted', async () => {
    const { loop, poller, restarts } = newLoop('binding', { maxLiveSamples: 1000 });
    poller.answer = () => poller.reading(many);
    const polled = loop.pollNow();
    poller.answer = () => {
      poller.answer = () => poller.reading(many.slice(500));
      return poller.reading(many);
    };
    await polled;
    await eventually(() => expect(poller.times).toHaveLength(2));
    await loop.pollNow();
    expect(restarts).toEqual([]);
    expect(loop.mode).toBe('binding');
    poller.answer = () => poller.reading([...many.slice(500), ...samplesOf('main', 64, range(1002, 1800))]);
    await loop.pollNow();
    await eventually(() => expect(restarts).toHaveLength(1));
  });

  test('are kept while single samples are followed, or if a larger interval is impossible', async () => {
    for (const [mode, options] of [
      ['binding', { traced: true }],
      ['inspector', {}],
    ] as const) {
      const { loop, poller, restarts } = newLoop(mode, { maxLiveSamples: 1000, ...options });
      poller.answer = () => poller.reading(many);
      await loop.pollNow();
      await loop.pollNow();
      expect(restarts).toEqual([]);
    }
  });
});

describe('a component traced from now on', () => {
  const some = samplesOf('main', 64, range(1, 101));

  test('restarts the sampler at its interval, once; bytes in use are carried over and counters continue', async () => {
    const { loop, poller, stats, ledger, restarts, logged, startedAnew } = newLoop();
    poller.answer = () => poller.reading(some);
    await loop.pollNow();
    loop.trace(INTERVAL / 8);
    loop.trace(INTERVAL / 8);
    const before = ledger.counts.samples;
    await eventually(() => expect(restarts).toEqual([INTERVAL / 8]));
    loop.samplerStarted('binding', INTERVAL / 8);
    expect(startedAnew()).toBe(1);
    expect(stats.lostSampler).toEqual({ traced: 1 });
    expect(ledger.counts).toMatchObject({ samples: before, liveSamples: 0, lostSamples: 0 });
    expect(ledger.samplingInterval).toBe(INTERVAL / 8);
    expect(logged).toEqual([
      `info: sampling every ${INTERVAL / 8} bytes instead of ${INTERVAL} from now on: a component of this process is traced`,
    ]);
    poller.restarted();
    poller.answer = () => poller.reading(samplesOf('main', 8, [1]));
    await loop.pollNow();
    expect(ledger.totalInUseBytes).toBe(101 * scaledSize(64) + scaledSize(8));
    expect(ledger.counts.samples).toBe(before + 1);
    loop.trace(INTERVAL / 8);
    await loop.pollNow();
    expect(restarts).toHaveLength(1);
  });

  test('restarts the sampler as soon as it runs', async () => {
    const { loop, restarts } = newLoop('none');
    loop.trace(INTERVAL / 8);
    await loop.pollNow();
    expect(restarts).toEqual([]);
    loop.samplerStarted('binding');
    await eventually(() => expect(restarts).toEqual([INTERVAL / 8]));
  });

  test('keeps an interval that is small enough, and polls more often', async () => {
    const { loop, runTo, pollTimes, restarts, stats } = newLoop();
    loop.trace(INTERVAL);
    await runTo(50 * MEDIAN + 2);
    expect(pollTimes()).toHaveLength(1);
    expect(restarts).toEqual([]);
    expect(stats.lostSampler).toEqual({});
  });

  test('rules out larger intervals', async () => {
    const { loop, poller, restarts } = newLoop('binding', { maxLiveSamples: 50 });
    loop.trace(INTERVAL);
    poller.answer = () => poller.reading(some);
    await loop.pollNow();
    await loop.pollNow();
    expect(restarts).toEqual([]);
  });
});

describe('the default interval', () => {
  const FINE = 64 * 1024;
  /** Takes 200 samples a second for half a minute, with stacks of this many frames. */
  const run = async (frames: number, isAdaptive = true) => {
    const { loop, runTo, poller, restarts, logged } = newLoop(
      'binding',
      { isAdaptive },
      { samplingInterval: FINE },
    );
    const stack = range(1, frames).join(' > ');
    let newest = 1;
    poller.answer = () => poller.reading(samplesOf(stack, 64, [newest]));
    for (let second = 1; second <= 30; second++) {
      newest += 200;
      await runTo(second * 1000);
    }
    await loop.pollNow();
    if (restarts[0] !== undefined) loop.samplerStarted('binding', restarts[0]);
    return { restarts, logged };
  };

  test('is increased where samples alone would exceed half of the budget, as with deep stacks', async () => {
    const { restarts, logged } = await run(100);
    expect(restarts).toEqual([4 * FINE]);
    expect(logged.join()).toMatch(
      /1 samples are alive, \d+ are taken per second, which takes 0\.\d\d % of a core/,
    );
  });

  test('is kept where samples are cheap, or if the interval was set', async () => {
    expect((await run(14)).restarts).toEqual([]);
    expect((await run(100, false)).restarts).toEqual([]);
  });
});
