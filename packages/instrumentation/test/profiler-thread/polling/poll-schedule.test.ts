import { describe, expect, test } from 'vitest';
import {
  PollSchedule,
  type PollScheduleOptions,
} from '../../../src/profiler-thread/polling/poll-schedule.js';
import { Random } from '../../support/random.js';

const INTERVAL = 512 * 1024;
const MIB = 1024 * 1024;

function newSchedule(options: Partial<PollScheduleOptions> = {}): PollSchedule {
  return new PollSchedule({
    cpuBudget: () => 0.005,
    minGapMillis: 200,
    maxGapMillis: 30_000,
    samplingInterval: INTERVAL,
    random: new Random(1).next,
    ...options,
  });
}

/** Records pairs that all cost the same. */
function record(schedule: PollSchedule, pairs: number, costMillis: number): void {
  for (let i = 0; i < pairs; i++) schedule.recordCost(costMillis);
}

describe('gaps', () => {
  const schedule = newSchedule({ minGapMillis: 100, maxGapMillis: 100 });
  const gaps = Array.from({ length: 100_000 }, () => schedule.nextGapMillis());

  test('have the right mean', () => {
    const mean = gaps.reduce((total, gap) => total + gap, 0) / gaps.length;
    expect(Math.abs(mean - 100)).toBeLessThan(3 * (100 / Math.sqrt(gaps.length)));
  });

  test('are exponential, hence memoryless', () => {
    for (const waited of [0, 50, 100, 200]) {
      const longer = gaps.filter((gap) => gap > waited);
      const muchLonger = longer.filter((gap) => gap > waited + 100);
      expect(muchLonger.length / longer.length).toBeCloseTo(Math.exp(-1), 1);
    }
    const variance = gaps.reduce((total, gap) => total + (gap - 100) ** 2, 0) / gaps.length;
    expect(Math.abs(Math.sqrt(variance) - 100)).toBeLessThan(2);
  });

  test('are finite and not negative for any random number', () => {
    for (const random of [0, 0.5, 1 - 2 ** -32, 1 - Number.EPSILON / 2]) {
      const gap = newSchedule({ random: () => random }).nextGapMillis();
      expect(gap).toBeGreaterThanOrEqual(0);
      expect(gap).toBeLessThan(200 * 40);
    }
  });
});

describe('the mean gap', () => {
  test('is the minimum for the first pairs, whatever they cost', () => {
    const schedule = newSchedule();
    expect(schedule.meanGapMillis).toBe(200);
    record(schedule, 11, 1000);
    expect(schedule.meanGapMillis).toBe(200);
    record(schedule, 1, 1000);
    expect(schedule.meanGapMillis).toBe(30_000);
  });

  test.each([
    [0.005, 2, 400],
    [0.005, 10, 2000],
    [0.05, 20, 400],
    [0.001, 3, 3000],
  ])('keeps to a budget of %d at a cost of %d ms: %d ms', (cpuBudget, cost, expected) => {
    const schedule = newSchedule({ cpuBudget: () => cpuBudget });
    record(schedule, 30, cost);
    expect(schedule.meanGapMillis).toBeCloseTo(expected, 6);
  });

  test('has bounds', () => {
    const schedule = newSchedule();
    record(schedule, 30, 0.001);
    expect(schedule.meanGapMillis).toBe(200);
    record(schedule, 30, 1e6);
    expect(schedule.meanGapMillis).toBe(30_000);
  });

  test('follows the cost up and down within 15 pairs', () => {
    const schedule = newSchedule();
    record(schedule, 30, 10);
    record(schedule, 8, 5);
    expect(schedule.meanGapMillis).toBe(1000);
    record(schedule, 8, 20);
    expect(schedule.meanGapMillis).toBe(4000);
  });

  test('is not changed by a single pair on a busy machine', () => {
    const schedule = newSchedule();
    record(schedule, 20, 2);
    schedule.recordCost(500);
    expect(schedule.meanGapMillis).toBe(400);
  });
});

describe('the length of a pair', () => {
  /** Lets the program allocate at a rate for a while. */
  const allocate = (schedule: PollSchedule, bytesPerMilli: number, times = 20) => {
    for (let i = 0; i < times; i++) schedule.recordRate((bytesPerMilli * 100) / INTERVAL, 100);
  };

  test('is the maximum while the rate is unknown or nothing is allocated', () => {
    const schedule = newSchedule();
    expect(schedule.pairMillis).toBe(250);
    allocate(schedule, 0);
    expect(schedule.pairMillis).toBe(250);
  });

  test('is the time in which 4 MiB are allocated', () => {
    const schedule = newSchedule();
    allocate(schedule, MIB / 2);
    expect(schedule.pairMillis).toBeCloseTo(8, 6);
    allocate(schedule, MIB / 10);
    expect(schedule.pairMillis).toBeCloseTo(40, 1);
  });

  test('has bounds', () => {
    const schedule = newSchedule();
    allocate(schedule, 1000 * MIB);
    expect(schedule.pairMillis).toBe(1);
    allocate(schedule, 1, 60);
    expect(schedule.pairMillis).toBe(250);
  });

  test('follows a burst at once: after three polls it is within a factor of two', () => {
    const schedule = newSchedule();
    allocate(schedule, MIB / 100);
    expect(schedule.pairMillis).toBe(250);
    allocate(schedule, MIB, 3);
    expect(schedule.pairMillis).toBeLessThan(8);
  });

  test('shrinks when collections interrupted pairs, down to 0.5 MiB, and otherwise grows, up to 8', () => {
    const schedule = newSchedule();
    allocate(schedule, MIB);
    schedule.recordPair(false);
    expect(schedule.pairMillis).toBeCloseTo(4 * 0.8, 6);
    for (let i = 0; i < 100; i++) schedule.recordPair(false);
    // 0.5 MiB take 0.5 ms here, and a pair takes at least 1 ms.
    expect(schedule.pairMillis).toBe(1);
    allocate(schedule, MIB / 100, 60);
    expect(schedule.pairMillis).toBeCloseTo(50, 0);
    for (let i = 0; i < 100; i++) schedule.recordPair(true);
    allocate(schedule, MIB, 60);
    expect(schedule.pairMillis).toBeCloseTo(8, 3);
  });

  test('settles where about one pair in five is interrupted', () => {
    const schedule = newSchedule();
    const random = new Random(3);
    allocate(schedule, MIB);
    let cut = 0;
    for (let i = 0; i < 20_000; i++) {
      // A scavenge every 16 ms.
      const whole = random.next() > schedule.pairMillis / 16;
      schedule.recordPair(whole);
      if (!whole) cut++;
    }
    expect(cut / 20_000).toBeGreaterThan(0.13);
    expect(cut / 20_000).toBeLessThan(0.23);
  });

  test('a rate over no time is ignored', () => {
    const schedule = newSchedule();
    schedule.recordRate(1000, 0);
    expect(schedule.pairMillis).toBe(250);
  });
});

describe('extra cost', () => {
  const busy = () => {
    const schedule = newSchedule();
    record(schedule, 15, 5);
    return schedule;
  };

  /** Runs pairs of 5 ms with extra cost in between; returns the final share of a core of both. */
  const share = (extraPerSecond: number, pairs = 300) => {
    const schedule = busy();
    let millis = 0;
    let spent = 0;
    for (let i = 0; i < pairs; i++) {
      const mean = schedule.meanGapMillis;
      schedule.nextGapMillis();
      const extra = (extraPerSecond * mean) / 1000;
      schedule.recordExtraCost(extra);
      if (i < pairs / 2) continue;
      millis += mean;
      spent += 5 + extra;
    }
    return spent / millis;
  };

  test.each([
    [0, 0.005],
    [1, 0.005],
    [2.5, 0.005],
    [3.7, 0.005],
  ])('%d ms a second of it and pairs take %d of a core together', (extra, expected) => {
    expect(share(extra)).toBeCloseTo(expected, 5);
  });

  test('leaves a quarter of the budget to pairs, however high it is', () => {
    expect(share(20)).toBeCloseTo(0.02 + 0.00125, 5);
    expect(busy().meanGapMillis).toBe(1000);
    const schedule = busy();
    schedule.recordExtraCost(1e9);
    expect(schedule.meanGapMillis).toBe(4000);
  });

  test('that occurs once is compensated, and no more', () => {
    const schedule = busy();
    schedule.recordExtraCost(60);
    let millis = 0;
    let pairs = 0;
    for (; pairs < 400; pairs++) {
      millis += schedule.meanGapMillis;
      schedule.nextGapMillis();
    }
    expect((60 + 5 * pairs) / millis).toBeCloseTo(0.005, 5);
    expect(schedule.meanGapMillis).toBeCloseTo(1000, 1);
  });

  test('is dropped where compensation would take longer than a minute', () => {
    const schedule = busy();
    schedule.recordExtraCost(1e9);
    let millis = 0;
    while (schedule.meanGapMillis > 1001) {
      millis += schedule.meanGapMillis;
      schedule.nextGapMillis();
    }
    expect(millis).toBeLessThan(400_000);
  });

  test('does not lengthen gaps where pairs leave room', () => {
    const schedule = newSchedule();
    record(schedule, 15, 0.1);
    schedule.recordExtraCost(0.5);
    expect(schedule.meanGapMillis).toBe(200);
    schedule.nextGapMillis();
    schedule.recordExtraCost(1e9);
    expect(schedule.meanGapMillis).toBe(200);
  });
});

test('the first pairs, which exceed the budget, are compensated later', () => {
  const schedule = newSchedule();
  let millis = 0;
  const pairs = 200;
  for (let i = 0; i < pairs; i++) {
    millis += schedule.meanGapMillis;
    schedule.nextGapMillis();
    schedule.recordCost(5);
  }
  expect((5 * pairs) / millis).toBeCloseTo(0.005, 4);
  expect(schedule.meanGapMillis).toBeCloseTo(1000, 0);
});

test('what the schedule before has not compensated is compensated', () => {
  const first = newSchedule();
  let millis = 0;
  let pairs = 0;
  const run = (schedule: PollSchedule, count: number) => {
    for (let i = 0; i < count; i++, pairs++) {
      millis += schedule.meanGapMillis;
      schedule.nextGapMillis();
      schedule.recordCost(5);
    }
    return schedule;
  };
  run(first, 14);
  run(newSchedule({ owedMillis: first.owedMillis }), 200);
  expect((5 * pairs) / millis).toBeCloseTo(0.005, 4);
});
