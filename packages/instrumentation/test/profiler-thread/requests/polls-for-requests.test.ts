// Polls for clients, on a fake clock.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CollectionReports } from '../../../src/profiler-thread/requests/collection-reports.js';
import {
  PollsForRequests,
  type ReadingWanted,
} from '../../../src/profiler-thread/requests/polls-for-requests.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const BUDGET = 0.005;

/** Makes client polls of a given duration and cost; the test controls the main thread. */
function newReadings({ costMillis = 10, takesMillis = 5 } = {}) {
  let cpuMillis = 0;
  const polled: number[] = [];
  const collected: number[] = [];
  const main = { answers: true, collects: true, reportMillis: 1 };
  const reports = new CollectionReports();
  const takes = () =>
    new Promise<void>((resolve) => {
      if (main.answers) setTimeout(resolve, takesMillis);
    });
  const readings = new PollsForRequests({
    loop: {
      cpuBudget: BUDGET,
      pollNow: () => {
        polled.push(performance.now());
        cpuMillis += costMillis;
        return takes();
      },
    },
    stats: { workMillis: () => cpuMillis, addPause: () => {} },
    objectCounts: async () => undefined,
    collect: () => {
      collected.push(performance.now());
      if (!main.collects) return new Promise(() => {});
      const sweeps = takes();
      void sweeps.then(() => {
        const sweepMillis = performance.now();
        if (Number.isFinite(main.reportMillis))
          setTimeout(() => reports.add([{ sweepMillis }]), main.reportMillis);
      });
      return sweeps;
    },
    collectionReported: (afterMillis) => reports.after(afterMillis),
  });
  let made = 0;
  const ask = (options: Partial<ReadingWanted> = {}) => {
    const signal = new AbortController().signal;
    return readings.make({ key: 'heap', client: 'a', signal, collectFirst: false, ...options }, async () => {
      cpuMillis += costMillis;
      return ++made;
    });
  };
  /** Resolves to the status of a refusal, or 200. */
  const status = (options: Partial<ReadingWanted> = {}) =>
    ask(options).then(
      () => 200,
      (error: { status: number }) => error.status,
    );
  return { ask, status, polled, collected, main, made: () => made, cost: () => cpuMillis };
}

/** Time between two requests of a client. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

const passes = (millis: number) => vi.advanceTimersByTimeAsync(millis);

describe('one poll', () => {
  test('serves all requests within 100 ms, and each result is made once', async () => {
    const { ask, polled, made } = newReadings();
    const early = [ask(), ask(), ask({ key: 'allocs' }), ask({ client: 'b' })];
    await passes(5);
    expect(await Promise.all(early)).toEqual([1, 1, 2, 1]);
    await passes(100);
    expect(await ask()).toBe(1);
    expect(polled).toHaveLength(1);
    expect(made()).toBe(2);
    await passes(1);
    const late = ask();
    await passes(5);
    expect(await late).toBe(3);
    expect(polled).toHaveLength(2);
  });

  test('serves eight different results; more need another poll', async () => {
    const { ask, polled } = newReadings({ costMillis: 0 });
    const all = Promise.all(Array.from({ length: 20 }, (_, i) => ask({ key: `past ${i}`, client: `${i}` })));
    await passes(20);
    await all;
    expect(polled).toHaveLength(3);
  });

  test('that fails rejects all requests that share it, but not later ones', async () => {
    const { status, main, collected } = newReadings();
    main.collects = false;
    const shared = [status({ collectFirst: true }), status({ collectFirst: true, client: 'b' })];
    await passes(10_000);
    expect(await Promise.all(shared)).toEqual([503, 503]);
    expect(collected).toHaveLength(1);
    const after = status();
    await passes(4_100);
    expect(await after).toBe(200);
  });

  test('that is overdue is neither waited for nor requested again', async () => {
    const { ask, main, polled } = newReadings({ costMillis: 0 });
    main.answers = false;
    for (let i = 0; i < 5; i++) {
      const asked = ask();
      await passes(2_001);
      await asked;
      await passes(200);
    }
    expect(polled).toHaveLength(1);
  });
});

describe('the budget', () => {
  test('lets a person make a few requests in a row without waiting', async () => {
    const { ask, polled } = newReadings();
    for (let i = 0; i < 25; i++) {
      const asked = ask();
      await passes(5);
      await asked;
      await passes(1_000);
    }
    expect(polled).toHaveLength(25);
  });

  test.each([
    ['a scraper every 10 s', [1], 10_000, 50],
    ['a scraper of three profiles every 15 s', [1, 2, 3], 15_000, 50],
    ['a scraper of a large heap every 10 s', [1], 10_000, 800],
  ])('%s is never refused, and waits for nothing', async (_, keys, everyMillis, costMillis) => {
    const { status } = newReadings({ costMillis });
    for (let i = 0; i < 100; i++) {
      const asked = Promise.all(keys.map((key) => status({ key: `${key}` })));
      await passes(5);
      expect(await asked).toEqual(keys.map(() => 200));
      await passes(everyMillis - 5);
    }
  });

  test('makes a client that keeps asking wait, and limits its cost to half of the budget', async () => {
    const { ask, cost } = newReadings({ costMillis: 2 });
    let done = false;
    const asking = (async () => {
      for (; !done; await turn()) await ask();
    })();
    await passes(200_000);
    const before = cost();
    await passes(400_000);
    expect((cost() - before) / 400_000).toBeLessThanOrEqual((BUDGET / 2) * 1.05);
    expect((cost() - before) / 400_000).toBeGreaterThan((BUDGET / 2) * 0.9);
    done = true;
    await passes(10_000);
    await asking;
  });

  test('refuses some of many clients that keep asking, and answers the others', async () => {
    const { status } = newReadings({ costMillis: 50 });
    const seen = new Map<number, number>();
    let done = false;
    const asking = Array.from({ length: 16 }, async () => {
      for (; !done; await turn()) {
        const answer = await status();
        seen.set(answer, (seen.get(answer) ?? 0) + 1);
        // Wait as long as the refusal asks for.
        if (answer === 429) await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    });
    for (let i = 0; i < 20; i++) {
      await passes(10_000);
      const other = status({ client: 'go' });
      await passes(4_100);
      expect(await other).toBe(200);
    }
    expect(seen.get(429)).toBeGreaterThan(0);
    expect(seen.get(200)).toBeGreaterThan(0);
    done = true;
    await passes(10_000);
    await Promise.all(asking);
  });

  test('states in a refusal when to ask again', async () => {
    const { ask, status } = newReadings({ costMillis: 500 });
    const first = status();
    await passes(200);
    expect(await first).toBe(200);
    const waiting = Array.from({ length: 8 }, () => status());
    await expect(ask()).rejects.toMatchObject({ status: 429, retryAfterSeconds: 4 });
    await passes(4_100);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([200]));
  });

  test('always serves what was promised, however many clients wait', async () => {
    const { status } = newReadings({ costMillis: 500 });
    const first = status();
    await passes(200);
    await first;
    const all = Array.from({ length: 40 }, () => status({ promised: true }));
    await passes(4_100);
    expect(new Set(await Promise.all(all))).toEqual(new Set([200]));
  });

  test('frees the place of a client that leaves while it waits', async () => {
    const { status } = newReadings({ costMillis: 500 });
    const first = status();
    await passes(200);
    await first;
    const left = new AbortController();
    const waiting = Array.from({ length: 8 }, () => status({ signal: left.signal }));
    await passes(100);
    left.abort();
    await Promise.all(waiting);
    const next = status();
    await passes(4_100);
    expect(await next).toBe(200);
  });
});

describe('collections', () => {
  test('run before the poll, and are shared with it', async () => {
    const { ask, collected, polled } = newReadings();
    const asked = [ask({ collectFirst: true }), ask({ collectFirst: true, client: 'b' }), ask()];
    await passes(11);
    expect(await Promise.all(asked)).toEqual([1, 1, 1]);
    expect(collected).toHaveLength(1);
    expect(polled).toHaveLength(1);
    expect(polled[0]).toBeGreaterThan(collected[0]!);
  });

  test('are not replaced by a poll without one', async () => {
    const { ask, collected } = newReadings();
    const plain = ask();
    await passes(5);
    await plain;
    const asked = ask({ collectFirst: true });
    await passes(11);
    await asked;
    expect(collected).toHaveLength(1);
  });

  test.each([
    [300, 305],
    [9_000, 2_005],
    [Number.POSITIVE_INFINITY, 2_005],
  ])(
    'that are reported after %d ms are followed by a poll after %d ms',
    async (reportMillis, polledAfter) => {
      const { ask, main, polled } = newReadings();
      main.reportMillis = reportMillis;
      const before = performance.now();
      const asked = ask({ collectFirst: true });
      await passes(3_000);
      await asked;
      expect(polled).toEqual([before + polledAfter]);
    },
  );

  test('of an earlier request are not taken for the one that was asked for', async () => {
    const { ask, main, polled } = newReadings();
    const first = ask({ collectFirst: true });
    await passes(11);
    await first;
    await passes(1_000);
    main.reportMillis = 300;
    const before = performance.now();
    const second = ask({ collectFirst: true });
    await passes(400);
    await second;
    expect(polled.at(-1)).toBe(before + 305);
  });

  test('take at most 1/20 of the time', async () => {
    const { status, collected } = newReadings({ takesMillis: 400 });
    let [answered, refused] = [0, 0];
    for (let i = 0; i < 60; i++) {
      const asked = status({ collectFirst: true }).then((answer) =>
        answer === 200 ? answered++ : refused++,
      );
      await passes(1_000);
      if (refused + answered <= i) await passes(4_000);
      await asked;
    }
    expect(refused).toBeGreaterThan(0);
    expect(answered).toBeGreaterThan(0);
    const gaps = collected.slice(1).map((at, i) => at - collected[i]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(20 * 400);
  });
});

test('keeps nothing, and runs no timer, after a while without requests', async () => {
  const { ask } = newReadings();
  const asked = ask();
  await passes(5);
  await asked;
  await passes(10_000);
  expect(vi.getTimerCount()).toBe(0);
});
