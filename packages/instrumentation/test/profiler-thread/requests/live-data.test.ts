// The data of the live page, on a fake clock.
import { gunzipSync } from 'node:zlib';
import type { PageData } from '@heapray/exporter/page';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { checkOverview } from '../../../../../test/support/check-overview.js';
import { ProfilerStats } from '../../../src/profiler-thread/stats/profiler-stats.js';
import { newProvider } from '../../support/profile-provider.js';
import { Readings, range, samplesOf } from '../../support/readings.js';

const MINUTE = 60_000;
const FORMAT = { gzip: false, client: 'test', signal: new AbortController().signal };
const QUERY = {
  name: 'heap',
  defaultColumn: 'inuse_space',
  component: undefined,
  asText: false,
  collectFirst: false,
  seconds: undefined,
  past: undefined,
  client: 'test',
  signal: FORMAT.signal,
} as const;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Makes the data of a program in which `keep` holds ten more samples each minute. */
function newProgram(minutes: number) {
  const polls: number[] = [];
  let cpuMillis = 0;
  const pollNow = async () => {
    polls.push(performance.now());
    cpuMillis += 30;
  };
  const stats = new ProfilerStats({ thread: () => cpuMillis });
  const { provider, ledger, past, clock, objectCounts } = newProvider(pollNow, stats);
  const readings = new Readings();
  ledger.update(readings.of([]), performance.now());
  for (let minute = 1; minute <= minutes; minute++) {
    vi.advanceTimersByTime(MINUTE);
    ledger.update(readings.of(samplesOf('main > keep', 1_000, range(1, 10 * minute))), performance.now());
    past.observe(ledger, performance.now());
  }
  return { live: provider.live, provider, polls, clock, objectCounts };
}

const parsed = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as PageData;

/** Returns the total of a column of each profile. */
function totalsOf({ columns, profiles }: PageData, type: string): number[] {
  return profiles.map(({ totals }) => totals[columns.findIndex((column) => column.type === type)]!);
}

test('the overview has the moments that can be compared', async () => {
  const { live, clock } = newProgram(3);
  const data = checkOverview(Buffer.from(await live.overview(FORMAT)).toString());
  const [subject] = data.subjects;
  const start = Math.round(clock()) - 3 * MINUTE;
  expect(subject!.momentsMillis).toEqual([0, 1, 2, 3].map((minute) => start + minute * MINUTE));
  expect(subject!.sites[0]).toMatchObject({ functionName: 'keep', inUseBytes: 30_000 });
  expect(subject!.timesMillis).toEqual([]);
});

test('a difference has the profiles of two moments', async () => {
  const { live, clock } = newProgram(3);
  const moment = (minute: number) => Math.round(clock()) - (3 - minute) * MINUTE;
  const between = async (before: number, after: number | undefined) =>
    parsed(await live.difference({ ...FORMAT, component: undefined, other: undefined, before, after }));
  const past = await between(moment(1), moment(2));
  expect(totalsOf(past, 'inuse_space')).toEqual([10_000, 20_000]);
  expect(past.profiles.map(({ timeMillis }) => timeMillis)).toEqual([moment(1), moment(2)]);
  expect(past.profiles.map(({ durationSeconds }) => durationSeconds)).toEqual([60, 120]);
  expect(past.profiles[0]!.samplingInterval).toBe(512 * 1024);
  expect(totalsOf(await between(moment(0), undefined), 'inuse_space')).toEqual([0, 30_000]);
  await expect(between(moment(1), moment(1) + 1)).rejects.toMatchObject({ status: 404 });
  await expect(between(moment(-9), undefined)).rejects.toMatchObject({
    status: 404,
    message: 'before: no state of 720 s ago is kept, only of 180, 120, 60, 0 s ago',
  });
});

test('requests within 100 ms share one poll and one result, whatever they are', async () => {
  const { live, provider, polls } = newProgram(1);
  const gzip = { ...FORMAT, gzip: true };
  const all = await Promise.all([
    live.overview(FORMAT),
    live.overview(FORMAT),
    live.profile(QUERY, FORMAT),
    live.profile(QUERY, FORMAT),
    live.profile(QUERY, gzip),
    provider.pprof(QUERY),
  ]);
  expect(polls).toHaveLength(1);
  expect(all[1]).toBe(all[0]);
  expect(all[3]).toBe(all[2]);
  expect(gunzipSync(all[4]!).equals(all[2]!)).toBe(true);
  expect(parsed(all[2]!)).toMatchObject({ format: 'heapray-page', title: 'heap', column: 3 });
});

test('the page is to ask more rarely the more an overview costs', async () => {
  const { live } = newProgram(1);
  const refresh = async () =>
    checkOverview(Buffer.from(await live.overview(FORMAT)).toString()).refreshSeconds;
  expect(await refresh()).toBe(5);
  await vi.advanceTimersByTimeAsync(101);
  // A poll takes 30 ms, and the clients' share is 0.25 % of a core.
  expect(await refresh()).toBe(12);
});

test('an overview does not ask for object counts, a heap profile does so once', async () => {
  const { live, objectCounts } = newProgram(1);
  await live.overview(FORMAT);
  expect(objectCounts).not.toHaveBeenCalled();
  await Promise.all([
    live.profile(QUERY, FORMAT),
    live.profile({ ...QUERY, defaultColumn: 'alloc_space' }, FORMAT),
  ]);
  expect(objectCounts).toHaveBeenCalledTimes(1);
});

test('a client that asks without end is refused', async () => {
  const { live } = newProgram(1);
  const answers: Promise<number>[] = [];
  for (let request = 0; request < 200; request++) {
    const status = live.overview({ ...FORMAT, gzip: request % 2 === 0 }).then(
      () => 200,
      (error: { status: number; retryAfterSeconds: number }) =>
        error.retryAfterSeconds > 0 ? error.status : Number.NaN,
    );
    answers.push(status);
    await vi.advanceTimersByTimeAsync(101);
  }
  await vi.advanceTimersByTimeAsync(60_000);
  expect(new Set(await Promise.all(answers))).toEqual(new Set([200, 429]));
});
