import { describe, expect, test } from 'vitest';
import { LeakDetector } from '../../../src/profiler-thread/leaks/leak-detector.js';
import { type InlinedSites, leakMessage } from '../../../src/profiler-thread/leaks/leak-message.js';
import { Random } from '../../support/random.js';
import { FakeHeap } from './fake-heap.js';

const MINUTE = 60_000;

function newDetector({ samplingInterval }: FakeHeap): LeakDetector {
  return new LeakDetector({ samplingInterval, windowMillis: MINUTE });
}

/** Runs a workload for some minutes, with a poll every 10 s; returns who was suspected when. */
function watch(minutes: number, work: (heap: FakeHeap, minute: number) => void) {
  const heap = new FakeHeap();
  const detector = newDetector(heap);
  const found: { readonly name: string; readonly minute: number }[] = [];
  for (let minute = 0; minute < minutes; minute++) {
    work(heap, minute);
    heap.collect();
    for (let reading = 0; reading < 6; reading++) {
      heap.read(MINUTE / 6);
      for (const { site } of detector.observe(heap.ledger, heap.now)) {
        found.push({ name: heap.ledger.sites.site(site).functionName, minute });
      }
    }
  }
  return { heap, detector, found };
}

/** Keeps allocations for some minutes, then frees them. */
function lifetimes() {
  const due = new Map<number, (() => void)[]>();
  return {
    keep(minute: number, minutes: number, free: () => void) {
      due.set(minute + minutes, [...(due.get(minute + minutes) ?? []), free]);
    },
    expire(minute: number) {
      for (const free of due.get(minute) ?? []) free();
      due.delete(minute);
    },
  };
}

describe('a leak', () => {
  test('that grows evenly is found once, at its function, within 15 minutes', () => {
    const { found, detector, heap } = watch(40, (heap) => heap.allocate('addOrder', 5));
    expect(found).toHaveLength(1);
    expect(found[0]?.name).toBe('addOrder');
    expect(found[0]?.minute).toBeLessThanOrEqual(15);
    const [suspect] = detector.suspects();
    expect(suspect?.bytesPerSecond).toBeCloseTo((5 * heap.samplingInterval) / 60, 1);
    expect(suspect?.grownWindows).toBe(10);
  });

  test('is found despite the noise of stores with turnover', () => {
    const store = lifetimes();
    const { found } = watch(40, (heap, minute) => {
      store.expire(minute);
      store.keep(minute, 7, heap.allocate('session', 40));
      heap.allocate('listener', 3);
    });
    expect(found.map(({ name }) => name)).toEqual(['listener']);
  });

  test('that stops is no longer suspected', () => {
    const { found, detector } = watch(60, (heap, minute) => {
      if (minute < 25) heap.allocate('addOrder', 5);
    });
    expect(found).toHaveLength(1);
    expect(detector.suspects()).toEqual([]);
  });

  test('that frees a part of what it keeps is still suspected', () => {
    const store = lifetimes();
    const { found } = watch(40, (heap, minute) => {
      store.expire(minute);
      store.keep(minute, 3, heap.allocate('closure', 3));
      heap.allocate('closure', 7);
    });
    expect(found.map(({ name }) => name)).toEqual(['closure']);
  });

  test('is found beside objects that live for a while, in one function', () => {
    const store = lifetimes();
    const { found } = watch(40, (heap, minute) => {
      store.expire(minute);
      store.keep(minute, 3, heap.allocate('handle', 12));
      heap.allocate('handle', 4);
    });
    expect(found.map(({ name }) => name)).toEqual(['handle']);
  });
});

test('polls that come later than a window is due do not delay the windows after it', () => {
  const heap = new FakeHeap();
  const detector = new LeakDetector({ samplingInterval: heap.samplingInterval, windowMillis: 20_000 });
  const closed = new Set<number>();
  // 70 s without a poll, e.g. in a long loop.
  for (const millis of [...new Array(12).fill(9_000), 70_000, ...new Array(7).fill(9_000)]) {
    heap.read(millis);
    detector.observe(heap.ledger, heap.now);
    closed.add(detector.progress.closedMillis! / 1000);
  }
  // Due at 29, 49, 69, 89, 109; the next after the gap at 198.
  expect([...closed]).toEqual([9, 36, 54, 72, 90, 178, 205, 223, 241]);
});

test('each window has its part of a leak where only the polls that end windows see it, sooner or later by a little', () => {
  const WINDOW = 20_000;
  const random = new Random(1);
  const heap = new FakeHeap();
  const detector = new LeakDetector({ samplingInterval: heap.samplingInterval, windowMillis: WINDOW });
  const found: number[] = [];
  for (let window = 0; window < 40; window++) {
    heap.allocate('addOrder', 20);
    heap.collect();
    heap.read(window * WINDOW + (window === 0 ? 0 : 200 * random.next()) - heap.now);
    if (detector.observe(heap.ledger, heap.now).length > 0) found.push(window);
    const [suspect] = detector.suspects();
    if (suspect) expect(suspect.grownWindows).toBe(10);
  }
  expect(found).toEqual([12]);
});

describe('does not suspect', () => {
  test('old garbage while no collection runs', () => {
    const heap = new FakeHeap();
    const detector = newDetector(heap);
    for (let reading = 0; reading < 600; reading++) {
      heap.allocate('garbage', 2);
      heap.read(MINUTE / 6);
      expect(detector.observe(heap.ledger, heap.now)).toEqual([]);
    }
  });

  test('a cache that fills and then stays', () => {
    const { found } = watch(60, (heap, minute) => {
      heap.allocate('cachePut', Math.round(200 * Math.exp(-minute / 4)));
    });
    expect(found).toEqual([]);
  });

  test('a full cache that replaces its entries', () => {
    const store = lifetimes();
    const { found } = watch(60, (heap, minute) => {
      store.expire(minute);
      store.keep(minute, 5, heap.allocate('cachePut', 30));
    });
    expect(found).toEqual([]);
  });

  test('a periodic batch job', () => {
    const store = lifetimes();
    const { found } = watch(120, (heap, minute) => {
      store.expire(minute);
      const phase = minute % 20;
      if (phase < 6) store.keep(minute, 10 - phase, heap.allocate('batch', 50));
    });
    expect(found).toEqual([]);
  });

  test('a daily wave of sessions', () => {
    const store = lifetimes();
    const { found } = watch(480, (heap, minute) => {
      store.expire(minute);
      const load = 1 - Math.cos((2 * Math.PI * minute) / 240);
      store.keep(minute, 10, heap.allocate('session', Math.round(40 * load)));
    });
    expect(found).toEqual([]);
  });

  test('growth of a handful of samples', () => {
    const { found } = watch(14, (heap, minute) => {
      if (minute % 2 === 0) heap.allocate('rare', 1);
    });
    expect(found).toEqual([]);
  });
});

test('the description says who, how much, how fast, how certain and how long', () => {
  const site = {
    functionName: 'addOrder',
    file: '/srv/lib/cache.js',
    shortFile: 'lib/cache.js',
    line: 12,
    column: 18,
    sharesLine: false,
    packageName: 'order-cache',
    packageVersion: '1.2.0',
    component: 'api',
  };
  const suspect = {
    site: 0,
    oldBytes: 18 * 2 ** 20,
    oldMillis: MINUTE,
    bytesPerSecond: (2.1 * 2 ** 20) / 60,
    grownWindows: 11,
    windows: 11,
    sinceMillis: 0,
    inlined: [1],
    formerCallees: [2],
  };
  const message =
    '`addOrder lib/cache.js:12:18` in `order-cache@1.2.0` holds 18 MiB allocated over 1 min ago and grows 2.1 MiB/min, ' +
    '11 of 11 windows; doubles in 8 min 34 s; heap limit in 1 h 40 min';
  expect(leakMessage(suspect, site, 210 * 2 ** 20)).toBe(message);
  expect(leakMessage(suspect, site, 210 * 2 ** 20, { share: 0.976, ageMillis: 10 * MINUTE })).toBe(
    `${message}; 98 % of what it allocated 10 min ago is alive`,
  );
  const inlined = `${message}; functions inlined into it are included`;
  const messageWith = (sites: InlinedSites) => leakMessage(suspect, site, 210 * 2 ** 20, undefined, sites);
  expect(messageWith({ sure: [], probable: [] })).toBe(inlined);
  const copy = { ...site, functionName: 'copyOrder', line: 30 };
  const guard = { ...copy, functionName: 'guard', packageName: 'once', packageVersion: undefined };
  expect(messageWith({ sure: [copy], probable: [] })).toBe(
    `${inlined}, as \`copyOrder lib/cache.js:30:18\` in \`order-cache@1.2.0\``,
  );
  expect(messageWith({ sure: [], probable: [copy, guard] })).toBe(
    `${inlined}, probably \`copyOrder lib/cache.js:30:18\` in \`order-cache@1.2.0\` and \`guard lib/cache.js:30:18\` in \`once\``,
  );
  expect(messageWith({ sure: [copy], probable: [guard] })).toBe(
    `${inlined}, as \`copyOrder lib/cache.js:30:18\` in \`order-cache@1.2.0\`, probably \`guard lib/cache.js:30:18\` in \`once\``,
  );
});
