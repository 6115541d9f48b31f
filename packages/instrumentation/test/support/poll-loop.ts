import { afterEach, beforeEach, vi } from 'vitest';
import type { PollResult } from '../../src/profiler-thread/polling/heap-poller.js';
import { PollLoop } from '../../src/profiler-thread/polling/poll-loop.js';
import type { PollLoopOptions } from '../../src/profiler-thread/polling/poll-loop-deps.js';
import { ProfilerStats } from '../../src/profiler-thread/stats/profiler-stats.js';
import type { SamplerMode } from '../../src/protocol/sampler-mode.js';
import { monotonicMillis } from '../../src/protocol/steady-clock.js';
import { FakePoller } from './fake-poller.js';
import { INTERVAL, newLedger } from './ledger-sums.js';

/** With every random number in the middle, a gap is its median and a retry its nominal time. */
export const MEDIAN = Math.LN2;
export const FIRST_GAP = 200 * MEDIAN;
/** While the allocation rate is unknown, in ms. */
export const LONGEST_PAIR = 250;

/** Installs a clock that stands still unless a test advances it. */
export function useFakeClock(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
}

export function newLoop(
  mode: SamplerMode | 'none' = 'binding',
  options: Partial<PollLoopOptions> = {},
  { stats = new ProfilerStats(), samplingInterval = INTERVAL, windowMillis = Number.POSITIVE_INFINITY } = {},
) {
  let changes = 0;
  const exactEnds: (string | undefined)[] = [];
  const completeEnds: boolean[] = [];
  const reading: boolean[] = [];
  const ledger = newLedger({ samplingInterval });
  const poller = new FakePoller();
  const wanted: number[] = [];
  const restarts: number[] = [];
  const patience: number[] = [];
  let anew = 0;
  const logged: string[] = [];
  let readings = 0;
  const loop = new PollLoop(
    {
      ledger,
      poller,
      stats,
      startSampler: ({ samplingInterval, replaceUntilMillis }) => {
        if (replaceUntilMillis === undefined) return void wanted.push(performance.now());
        restarts.push(samplingInterval);
        // Less than 50 ms of the time since are left out.
        patience.push(Math.ceil((replaceUntilMillis - monotonicMillis()) / 50) * 50);
      },
      readyForRestart: async () => {},
      onReplaced: () => {},
      onSamplerLost: () => anew++,
      onIntervalChanged: () => anew++,
      isFollowed: () => false,
      isFillingWindows: () => false,
      // A window ends with the first poll after a whole number of windows.
      windowEndsMillis: () => {
        const last = poller.times.at(-1);
        if (last === undefined || windowMillis === Number.POSITIVE_INFINITY) return windowMillis;
        return start + windowMillis * (1 + Math.floor((last - start) / windowMillis));
      },
      onReading: () => readings++,
      takeScavenges: () => 0,
      exact: {
        poller,
        samplerChanges: () => changes,
        setReading: (isReading) => reading.push(isReading),
        onBegin: () => {},
        onWaited: (millis) => stats.addPause(millis),
        onLost: (allocations) => stats.drop('exact_allocation', allocations),
        onEnd: (_counts, { why, isComplete }) => {
          exactEnds.push(why);
          completeEnds.push(isComplete);
        },
      },
      log: (level, text) => logged.push(`${level}: ${text}`),
    },
    { cpuBudget: 0.005, traced: false, maxLiveSamples: 20_000, isAdaptive: false, ...options },
  );
  const start = performance.now();
  if (mode !== 'none') loop.samplerStarted(mode);
  /** Advances the clock to a time, in ms after the start. */
  const runTo = (millis: number) => vi.advanceTimersByTimeAsync(start + millis - performance.now());
  /** Returns the times of all polls, in ms after the start. */
  const pollTimes = () => poller.times.map((at) => Math.round(at - start));
  return {
    ledger,
    poller,
    stats,
    loop,
    wanted,
    /** Requested intervals, and the time for each, in ms, to 50 ms. */
    restarts,
    patience,
    startedAnew: () => anew,
    logged,
    /** Reasons of the ends of exact mode; undefined for those that the main thread wanted. */
    exactEnds,
    /** For each of these, if a poll has shown everything until then. */
    completeEnds,
    /** Says that the main thread has replaced the sampler. */
    changeSampler: () => void changes++,
    /** Flags for the waiting main thread, in order. */
    reading,
    start,
    runTo,
    pollTimes,
    readings: () => readings,
  };
}

/** Makes an answer that is given when the test calls `give`. */
export function deferred() {
  let give: (result: PollResult) => void = () => {};
  const result = new Promise<PollResult>((resolve) => {
    give = resolve;
  });
  return { result, give };
}
