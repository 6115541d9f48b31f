import { expect, test } from 'vitest';
import { ViewContinuity } from '../../../src/main-thread/profiler/view-continuity.js';
import type { ProfilerSnapshot, TopSitesView } from '../../../src/protocol/messages.js';
import { heapView, row, values } from '../../support/heap-views.js';

const view = (names: Record<string, number>, other: number, samples: number) =>
  heapView(
    {
      rows: Object.entries(names).map(([name, bytes]) => row(name, values(bytes, [0, bytes, 0, 0, 0]))),
      other: values(other),
    },
    { samples, drops: { capture: samples } },
  ) as unknown as ProfilerSnapshot;

const allocatedOf = ({ sites }: Pick<ProfilerSnapshot, 'sites'>) => [
  ...sites!.rows.map(({ functionName, allocated, retained }) => [functionName, allocated, retained]),
  ['other', sites!.other.allocated],
];

test('counters continue when a new profiler thread begins at 0', () => {
  const continuity = new ViewContinuity();
  expect(allocatedOf(continuity.with(view({ parse: 500, load: 70 }, 30, 9)))).toEqual([
    ['parse', 500, 500],
    ['load', 70, 70],
    ['other', 30],
  ]);
  continuity.threadDied();
  const after = continuity.with(view({ parse: 10, render: 4 }, 1, 2));
  // A row that is gone keeps its counts, and has nothing in use.
  expect(allocatedOf(after)).toEqual([
    ['parse', 510, 10],
    ['render', 4, 4],
    ['load', 70, 0],
    ['other', 31],
  ]);
  expect(after.profiler).toMatchObject({ samples: 11, drops: { capture: 11 } });
});

test('counters continue over several deaths, also without views in between', () => {
  const continuity = new ViewContinuity();
  continuity.with(view({ parse: 500 }, 30, 9));
  continuity.threadDied();
  continuity.threadDied();
  continuity.with(view({ parse: 10 }, 1, 2));
  continuity.threadDied();
  expect(allocatedOf(continuity.with(view({}, 0, 0)))).toEqual([
    ['parse', 510, 0],
    ['other', 31],
  ]);
});

test('a producer gets the same start, and rows that are gone among the dropped', () => {
  const continuity = new ViewContinuity();
  const top = (names: Record<string, number>, startedMillis: number): TopSitesView => ({
    sites: {
      rows: Object.entries(names).map(([name, bytes]) => ({
        ...row(name, values(bytes)),
        sinceMillis: undefined,
      })),
      other: values(5),
      dropped: { allocated: 1, allocations: 0 },
    },
    suspects: [],
    secondsToLimit: undefined,
    startedMillis,
    nowMillis: startedMillis + 10,
  });
  continuity.withTop(1, top({ parse: 500, load: 70 }, 100));
  continuity.threadDied();
  const { sites, startedMillis } = continuity.withTop(1, top({ parse: 10 }, 900));
  expect(startedMillis).toBe(100);
  expect(sites.rows.map(({ functionName, allocated }) => [functionName, allocated])).toEqual([
    ['parse', 510],
  ]);
  expect(sites.other.allocated).toBe(10);
  expect(sites.dropped.allocated).toBe(72);
  // Another producer has a history of its own.
  expect(continuity.withTop(2, top({ parse: 3 }, 900)).sites.rows[0]?.allocated).toBe(3);
});
