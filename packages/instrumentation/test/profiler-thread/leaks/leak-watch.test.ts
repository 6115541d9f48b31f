import { expect, test } from 'vitest';
import { LeakWatch } from '../../../src/profiler-thread/leaks/leak-watch.js';
import type { SuspectView } from '../../../src/protocol/messages.js';
import { FakeHeap } from './fake-heap.js';

const MINUTE = 60_000;

/** Simulates a minute of a program that leaks, and sometimes frees what it has held for some minutes. */
function newProgram(showsInlined = false) {
  const heap = new FakeHeap({ versionOf: () => '1.2.0', showsInlined });
  const leaks = new LeakWatch(heap.ledger, {
    windowMillis: MINUTE / 3,
    heapLimit: 2 ** 20,
  });
  const sessions: (() => void)[] = [];
  const announced: SuspectView[] = [];
  const runMinute = (leaked: number) => {
    heap.allocate('addOrder', leaked);
    sessions.push(heap.allocate('session', 4));
    if (sessions.length > 3) sessions.shift()?.();
    heap.collect();
    heap.read(MINUTE);
    announced.push(...leaks.observe(heap.now));
  };
  return { heap, leaks, announced, runMinute };
}

test('describes a suspect completely, including how much survives', () => {
  const { heap, leaks, announced, runMinute } = newProgram();
  for (let minute = 0; minute < 20; minute++) runMinute(8);
  expect(announced).toHaveLength(1);
  expect(announced[0]).toMatchObject({
    functionName: 'addOrder',
    packageName: 'shop',
    packageVersion: '1.2.0',
    grownWindows: 10,
    windows: 10,
    survivedShare: 1,
    survivedMillis: 10 * MINUTE,
  });
  expect(announced[0]?.message).toMatch(
    /; 100 % of what it allocated 10 min ago is alive; functions inlined into it are included$/,
  );
  expect(leaks.suspects(heap.now)).toHaveLength(1);
  const seconds = (2 ** 20 - heap.ledger.totalInUseBytes) / ((8 * 1024) / 60);
  expect(leaks.secondsToLimit()! / seconds).toBeCloseTo(1, 2);
  const names = [...(leaks.survival(heap.now) ?? [])].map(([site, { share }]) => [
    heap.ledger.sites.site(site).functionName,
    share,
  ]);
  expect(Object.fromEntries(names)).toEqual({ addOrder: 1, session: 0 });
});

test('announces a returning suspect at most once an hour', () => {
  const { heap, leaks, announced, runMinute } = newProgram();
  const phases: number[] = [];
  for (let minute = 0; minute < 150; minute++) {
    // Leak more each time than ever before.
    runMinute(minute % 50 < 25 ? 8 * 2 ** Math.floor(minute / 50) : 0);
    if (announced.length > phases.length) phases.push(minute);
  }
  expect(leaks.suspects(heap.now)).toEqual([]);
  expect(phases).toHaveLength(2);
  expect(phases[1]! - phases[0]!).toBeGreaterThanOrEqual(60);
});

/** Changes the interval after a leak was suspected, and returns the suspects of each further minute. */
function suspectsAfterChange(leaked: number, minutes: number) {
  const { heap, leaks, announced, runMinute } = newProgram();
  for (let minute = 0; minute < 20; minute++) runMinute(8);
  const [before] = leaks.suspects(heap.now);
  heap.changeInterval(4 * heap.samplingInterval);
  leaks.intervalChanged();
  const byMinute = Array.from({ length: minutes }, () => {
    runMinute(leaked);
    return leaks.suspects(heap.now);
  });
  return { before, byMinute, announced };
}

test('a suspect stays when the interval changes, first with its last figures, then with new ones', () => {
  const { before, byMinute, announced } = suspectsAfterChange(4, 40);
  expect(byMinute.map((suspects) => suspects.length)).toEqual(byMinute.map(() => 1));
  expect(byMinute[0]?.[0]?.bytesPerSecond).toBe(before?.bytesPerSecond);
  // Half as many samples of four times the interval.
  expect(byMinute.at(-1)?.[0]?.bytesPerSecond).toBeCloseTo(2 * (before?.bytesPerSecond ?? 0));
  expect(announced).toHaveLength(1);
});

test('the progress says that the windows began again, until there are enough', () => {
  const { heap, leaks, runMinute } = newProgram();
  for (let minute = 0; minute < 20; minute++) runMinute(8);
  expect(leaks.progress.restartedBy).toBeUndefined();
  for (const [restart, reason] of [
    [() => leaks.intervalChanged(), 'interval'],
    [() => leaks.samplerLost(), 'sampler'],
  ] as const) {
    heap.changeInterval(2 * heap.samplingInterval);
    restart();
    for (let minute = 0; minute < 20; minute++) {
      runMinute(8);
      const { windows, neededWindows, restartedBy } = leaks.progress;
      expect(restartedBy).toBe(windows < neededWindows ? reason : undefined);
    }
    expect(leaks.progress.restartedBy).toBeUndefined();
  }
});

test('a leak that ends when the interval changes is no suspect once there are enough new windows', () => {
  const { byMinute } = suspectsAfterChange(0, 20);
  expect(byMinute[10]).toHaveLength(1);
  expect(byMinute.at(-1)).toEqual([]);
});

test('a suspect does not stay when the sampler is lost', () => {
  const { heap, leaks, runMinute } = newProgram();
  for (let minute = 0; minute < 20; minute++) runMinute(8);
  heap.restartSampler();
  leaks.samplerLost();
  expect(leaks.suspects(heap.now)).toEqual([]);
  expect(leaks.secondsToLimit()).toBeUndefined();
});

test('does not suspect a call site that keeps some objects more a minute in exact mode', () => {
  const { heap, leaks, announced, runMinute } = newProgram();
  heap.changeInterval(1);
  leaks.intervalChanged();
  for (let minute = 0; minute < 30; minute++) runMinute(8);
  expect(announced).toEqual([]);
});

test('does not speak of inlined functions when stacks are accurate', () => {
  const { announced, runMinute } = newProgram(true);
  for (let minute = 0; minute < 20; minute++) runMinute(8);
  expect(announced.map(({ message }) => message)).toEqual([expect.stringMatching(/ is alive$/)]);
});

test('windows fill up until everything has been judged', () => {
  const { heap, leaks, runMinute } = newProgram();
  const byWindow = () =>
    Array.from({ length: 22 }, () => {
      runMinute(8);
      return leaks.isFillingWindows;
    });
  const filling = Array.from({ length: 22 }, (_, windows) => windows < 17);
  expect(byWindow()).toEqual(filling);
  heap.changeInterval(4 * heap.samplingInterval);
  leaks.intervalChanged();
  expect(byWindow()).toEqual(filling);
});
