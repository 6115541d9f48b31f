import { expect, test } from 'vitest';
import type { MetricPointsSource } from '../../../src/profiler-thread/metrics/metric-points-source.js';
import {
  INSTRUMENTS,
  type LastAnswers,
  type PointMetric,
  type PointsAnswer,
} from '../../../src/protocol/metric-points.js';
import { sourceOf } from '../../support/fake-points.js';
import { SITES } from '../../support/heap-metrics.js';
import { heapView, row, values } from '../../support/heap-views.js';

/** Makes a profiler thread with these bytes allocated by function, all of them in use. */
function threadWith(
  names: Record<string, number>,
  other: number,
  samples: number,
  { earlier = [], startedMillis = 0 }: { earlier?: LastAnswers; startedMillis?: number } = {},
  dropped?: number,
): MetricPointsSource {
  const rows = Object.entries(names).map(([name, bytes]) => row(name, values(bytes, [0, bytes, 0, 0, 0])));
  const view = heapView(
    {
      rows,
      other: values(other),
      ...(dropped !== undefined && { dropped: { allocated: dropped, allocations: 0 } }),
    },
    { samples, drops: { capture: samples }, pollMillis: Array.from({ length: samples }, () => 0.5) },
  );
  return sourceOf(() => view, { startedMillis, nowMillis: () => startedMillis + 10 }, earlier);
}

function answerOf(source: MetricPointsSource, consumer = INSTRUMENTS): PointsAnswer {
  const sites = { ...SITES, retentionAges: false, withDropped: true };
  const request = { consumer, request: 1, answered: 0, sites, withOwn: consumer === INSTRUMENTS };
  return source.answers([request])[0]!;
}

/** Returns the values of a metric by function, or by reason. */
function valuesOf({ points }: PointsAnswer, metric: PointMetric): Record<string, number> {
  const found = points.find((one) => one.metric === metric);
  return Object.fromEntries(
    (found?.attributes ?? []).map((attributes, at) => [
      attributes['code.function.name'] ?? attributes['heapray.reason'] ?? '',
      found?.values[at] ?? 0,
    ]),
  );
}

test('counters continue when a new profiler thread begins at 0', () => {
  const first = answerOf(threadWith({ parse: 500, load: 70 }, 30, 9));
  expect(valuesOf(first, 'allocated')).toEqual({ parse: 500, load: 70, other: 30 });
  const earlier = [[INSTRUMENTS, first]] as const;
  const after = answerOf(threadWith({ parse: 10, render: 4 }, 1, 2, { earlier }));
  // A site that is gone keeps its counts, and has nothing in use.
  expect(valuesOf(after, 'allocated')).toEqual({ parse: 510, render: 4, load: 70, other: 31 });
  expect(valuesOf(after, 'retained')).toEqual({ parse: 10, render: 4, load: 0, other: 0 });
  expect(valuesOf(after, 'samples')).toEqual({ '': 11 });
  expect(valuesOf(after, 'drops')).toEqual({ capture: 11 });
  expect(after.profiler?.pollDurations.counts.reduce((sum, count) => sum + count)).toBe(11);
});

test('counters continue over several deaths, also without answers in between', () => {
  const first = answerOf(threadWith({ parse: 500 }, 30, 9));
  const third = answerOf(threadWith({ parse: 10 }, 1, 2, { earlier: [[INSTRUMENTS, first]] }));
  const fourth = answerOf(threadWith({}, 0, 0, { earlier: [[INSTRUMENTS, third]] }));
  expect(valuesOf(fourth, 'allocated')).toEqual({ parse: 510, other: 31 });
  expect(valuesOf(fourth, 'retained')).toEqual({ parse: 0, other: 0 });
});

test('a producer gets the same start, and sites that are gone among the dropped', () => {
  const first = answerOf(threadWith({ parse: 500, load: 70 }, 5, 0, { startedMillis: 100 }, 1), 1);
  const earlier = [[1, first]] as const;
  const source = threadWith({ parse: 10 }, 5, 0, { earlier, startedMillis: 900 }, 1);
  const after = answerOf(source, 1);
  expect(after).toMatchObject({ startedMillis: 100, nowMillis: 910 });
  const expected = { parse: 510, other: 10, '(dropped)': 72 };
  expect(valuesOf(after, 'allocated')).toEqual(expected);
  expect(valuesOf(after, 'retained')).toMatchObject({ load: 0 });
  // The same again: what is gone is dropped only once.
  expect(valuesOf(answerOf(source, 1), 'allocated')).toEqual(expected);
  // Another producer has a history of its own.
  expect(valuesOf(answerOf(source, 2), 'allocated')).toMatchObject({ parse: 10 });
});

test('a site that returns after it was dropped continues, and no counter decreases', () => {
  const first = answerOf(threadWith({ parse: 500 }, 0, 0, {}, 0), 1);
  let names: Record<string, number> = {};
  const source = sourceOf(
    () =>
      heapView({
        rows: Object.entries(names).map(([name, bytes]) => row(name, values(bytes))),
        dropped: { allocated: 0, allocations: 0 },
      }),
    {},
    [[1, first]],
  );
  expect(valuesOf(answerOf(source, 1), 'allocated')).toEqual({ other: 0, '(dropped)': 500 });
  names = { parse: 3 };
  expect(valuesOf(answerOf(source, 1), 'allocated')).toEqual({ parse: 503, other: 0, '(dropped)': 500 });
});
