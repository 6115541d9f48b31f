import { expect, test } from 'vitest';
import type { CaptureState } from '../../../src/watch/follow/capture-state.js';
import type { WatchedCapture } from '../../../src/watch/follow/watched-capture.js';
import { ComponentHistory } from '../../../src/watch/overview/component-history.js';

interface Figures {
  readonly run?: number;
  readonly state?: CaptureState;
  readonly live?: number;
  readonly allocated?: number;
  readonly resident?: number;
  readonly children?: number | undefined;
  readonly process?: string;
}

/** Makes a capture with these figures. */
function capture({
  run = 1,
  state = 'following',
  live = 0,
  allocated = 0,
  ...more
}: Figures): WatchedCapture {
  const { resident, children, process } = more;
  const follower = {
    state,
    run: {
      id: run,
      capture: {
        liveBytes: live,
        knowsAllocated: true,
        totalAllocated: { bytes: allocated, count: 1 },
        resident: resident === undefined ? undefined : { residentBytes: resident, millis: 0 },
      },
    },
    children: children === undefined ? undefined : { processes: 1, residentBytes: children },
  };
  return { component: 'api', process, follower: follower as unknown as WatchedCapture['follower'] };
}

function historyOf(...moments: readonly (readonly [seconds: number, captures: readonly Figures[]])[]) {
  const history = new ComponentHistory();
  for (const [seconds, figures] of moments) history.add(figures.map(capture), seconds * 1000);
  const series = [...history.resident, ...history.lines].map(({ name, values }) => [name, values]);
  return { times: history.timesMillis, ...Object.fromEntries(series) };
}

test('keeps a moment every 10 s', () => {
  const { times } = historyOf([0, [{}]], [5, [{}]], [9, [{}]], [10, [{}]], [15, [{}]], [30, [{}]]);
  expect(times).toEqual([0, 10_000, 30_000]);
});

test('measures the rate of allocation of one run only', () => {
  const history = historyOf(
    [0, [{ allocated: 100 }]],
    [10, [{ allocated: 300 }]],
    [20, [{ run: 2, allocated: 40 }]],
    [30, [{ run: 2, allocated: 90 }]],
  );
  expect(history['allocation rate']).toEqual([null, 20, null, 5]);
});

test('adds up processes, and does not count forked ones twice', () => {
  const own = { live: 1, resident: 100, children: 70 };
  const forked = { run: 2, live: 10, resident: 60, process: '7' };
  const history = historyOf([0, [own, forked]], [10, [{ ...own, children: undefined }, forked]]);
  expect(history['in use']).toEqual([11, 11]);
  expect(history['traced process']).toEqual([100, 100]);
  expect(history.children).toEqual([70, 60]);
});

test('knows no resident memory of a program that has ended', () => {
  const history = historyOf([0, [{ resident: 5 }]], [10, [{ resident: 5, state: 'finished', live: 3 }]]);
  expect(history['traced process']).toEqual([5, null]);
  expect(history['in use']).toEqual([0, 3]);
});
