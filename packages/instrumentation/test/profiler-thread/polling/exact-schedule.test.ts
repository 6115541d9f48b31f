import { expect, test } from 'vitest';
import { ExactSchedule } from '../../../src/profiler-thread/polling/exact-schedule.js';

const MIB = 2 ** 20;

/** Makes a schedule on a clock of its own, for a program that allocates at a rate in bytes per ms. */
function newSchedule(bytesPerMilli: number, youngBytes = 8 * MIB) {
  let millis = 0;
  const schedule = new ExactSchedule({
    youngBytes,
    heapUsage: async () => ({ usedBytes: millis * bytesPerMilli, committedBytes: 0, bufferBytes: undefined }),
    sleep: async (time) => {
      millis += time;
    },
    now: () => millis,
  });
  /** Returns the time until the next poll is due, in ms. */
  const gap = async () => {
    const start = millis;
    expect(await schedule.due()).toBe(true);
    return millis - start;
  };
  return { schedule, gap };
}

test('a poll is due before the young generation is full', async () => {
  const { gap } = newSchedule(MIB / 10);
  // 40 % of 8 MiB, looked at every 4 ms.
  expect(await gap()).toBe(32);
});

test('a program that allocates nothing is polled four times a second', async () => {
  const { gap } = newSchedule(0);
  expect(await gap()).toBe(252);
});

test('the gap is shorter after a loss, and grows again after polls without', async () => {
  const { schedule, gap } = newSchedule(MIB / 20);
  schedule.polled(0, true);
  const before = await gap();
  schedule.polled(0, false);
  expect(await gap()).toBeLessThan(0.6 * before);
  for (let poll = 0; poll < 20; poll++) schedule.polled(0, true);
  expect(Math.abs((await gap()) - before)).toBeLessThanOrEqual(4);
});

test('a program that is polled for long runs for a tenth of that time, whatever it allocates', async () => {
  const { schedule, gap } = newSchedule(MIB);
  schedule.polled(400, true);
  expect(await gap()).toBe(40);
});

test('the longest gap is ten times the pause of a poll', async () => {
  const { schedule, gap } = newSchedule(0);
  schedule.polled(400, true);
  expect(await gap()).toBe(4000);
});

test('a larger young generation does not make polls rarer', async () => {
  const { gap } = newSchedule(MIB / 10, 64 * MIB);
  // 40 % of 16 MiB.
  expect(await gap()).toBe(64);
});

test('a major collection is due when the heap has grown by a twelfth, or Buffers by 32 MiB', async () => {
  let usage = { usedBytes: 240 * MIB, committedBytes: 0, bufferBytes: 0 };
  let millis = 0;
  const schedule = new ExactSchedule({
    youngBytes: 16 * MIB,
    heapUsage: async () => usage,
    sleep: async (time) => {
      millis += time;
    },
    now: () => millis,
  });
  const isDueAt = async (usedBytes: number, bufferBytes: number) => {
    usage = { usedBytes, committedBytes: 0, bufferBytes };
    await schedule.due();
    return schedule.isMajorDue;
  };
  expect(await isDueAt(240 * MIB, 0)).toBe(false);
  expect(await isDueAt(255 * MIB, 0)).toBe(false);
  expect(await isDueAt(261 * MIB, 0)).toBe(true);
  schedule.collected();
  expect(await isDueAt(250 * MIB, 10 * MIB)).toBe(false);
  expect(await isDueAt(250 * MIB, 43 * MIB)).toBe(true);
});

test('no poll is due once stopped', async () => {
  const { schedule } = newSchedule(MIB);
  schedule.stop();
  expect(await schedule.due()).toBe(false);
});
