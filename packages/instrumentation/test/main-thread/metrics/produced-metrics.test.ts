import { describe, expect, test } from 'vitest';
import { ProducedMetrics, type Temporalities } from '../../../src/main-thread/metrics/produced-metrics.js';
import type { Suspect } from '../../../src/profiler-thread/metrics/site-growth.js';
import type { SiteRow } from '../../../src/profiler-thread/metrics/site-series.js';
import type { SiteCounters } from '../../../src/profiler-thread/metrics/site-values.js';
import type { SitesWanted } from '../../../src/protocol/metric-points.js';
import { requestsTo } from '../../support/fake-points.js';
import { type HeapView, heapView, leaking, row, values } from '../../support/heap-views.js';

const NOW = 1_700_000_001_500;
const NOTHING: SiteCounters = { allocated: 0, allocations: 0 };

function view(
  rows: readonly SiteRow[],
  rest: { dropped?: SiteCounters; suspects?: readonly Suspect[]; secondsToLimit?: number | undefined } = {},
): HeapView {
  const { dropped = NOTHING, suspects = [], secondsToLimit } = rest;
  return heapView({ rows, other: values(10), dropped }, {}, { suspects, secondsToLimit });
}

/** Makes a metric producer whose profiler thread shows these views; each call is one collection. */
function newProducer(
  more: Partial<SitesWanted> = {},
  temporalities: Temporalities = { counter: 1, updowncounter: 1 },
) {
  const sites: SitesWanted = {
    groupBy: 'function',
    maxCallSites: 2,
    retentionAges: true,
    alwaysOther: false,
    withDropped: temporalities.counter === 1,
    ...more,
  };
  let shown: HeapView | undefined;
  let nowMillis = NOW;
  const requests = requestsTo(() => shown, { startedMillis: NOW - 60_000, nowMillis: () => nowMillis });
  const produced = new ProducedMetrics(temporalities);
  const collect = async (next: HeapView | undefined, millis = 0) => {
    shown = next;
    nowMillis = NOW + millis;
    return produced.of((await requests.points({ consumer: 1, sites, withOwn: false }))!);
  };
  /** Returns the values of one metric by function and age. */
  const series = async (name: string, next: HeapView) => {
    const metric = (await collect(next)).find(
      ({ descriptor }) => descriptor.name === `heapray.memory.${name}`,
    );
    const nameOf = ({ 'code.function.name': site, 'heapray.age': age }: Record<string, unknown>) =>
      [site, age].filter((part) => part !== undefined).join(' ');
    return Object.fromEntries(
      (metric?.dataPoints ?? []).map(({ attributes, value }) => [nameOf(attributes), value]),
    );
  };
  return { collect, series };
}

test('the metrics have the names, kinds and units of the instruments', async () => {
  const suspects = [leaking('parse', 1)];
  const metrics = await newProducer().collect(
    view([row('parse', values(1000, [1, 2, 3, 4, 5]))], { suspects }),
  );
  expect(metrics.map((metric) => ({ ...metric, dataPoints: metric.dataPoints.length }))).toMatchObject([
    {
      descriptor: { name: 'heapray.memory.allocated', unit: 'By', valueType: 1 },
      dataPointType: 3,
      isMonotonic: true,
      aggregationTemporality: 1,
      dataPoints: 2,
    },
    { descriptor: { name: 'heapray.memory.allocations', unit: '{allocation}' }, isMonotonic: true },
    {
      descriptor: { name: 'heapray.memory.retained', unit: 'By' },
      dataPointType: 3,
      isMonotonic: false,
      dataPoints: 5,
    },
    { descriptor: { name: 'heapray.memory.retained_objects', unit: '{object}' }, isMonotonic: false },
    { descriptor: { name: 'heapray.memory.growth', unit: 'By/s' }, dataPointType: 2, dataPoints: 1 },
  ]);
});

test('a point ends now and starts when its counting began', async () => {
  const rows = [row('old', values(1)), { ...row('new', values(1)), sinceMillis: NOW - 1000 }];
  const [allocated] = await newProducer().collect(view(rows));
  expect(allocated?.dataPoints).toMatchObject([
    { startTime: [1_699_999_941, 500_000_000], endTime: [1_700_000_001, 500_000_000] },
    { startTime: [1_700_000_000, 500_000_000], endTime: [1_700_000_001, 500_000_000] },
    { startTime: [1_699_999_941, 500_000_000], attributes: { 'code.function.name': 'other' } },
  ]);
});

describe('a vanished site', () => {
  test('has zero bytes in use once, and is absent from then on', async () => {
    const { series } = newProducer();
    const both = view([row('parse', values(9, [5, 0, 0, 0, 0])), row('render', values(9, [0, 0, 0, 0, 7]))]);
    const one = view([row('render', values(9, [0, 0, 0, 0, 8]))]);
    expect(await series('retained', both)).toEqual({ 'parse <10s': 5, 'render >1h': 7 });
    expect(await series('retained', one)).toEqual({ 'parse <10s': 0, 'render >1h': 8 });
    expect(await series('retained', one)).toEqual({ 'render >1h': 8 });
  });

  test('has zero objects once, and no counter', async () => {
    const { series } = newProducer();
    const first = view([row('parse', values(90, [50, 0, 0, 0, 0]))]);
    const later = view([], { dropped: { allocated: 90, allocations: 9 } });
    expect(await series('retained_objects', first)).toEqual({ parse: 5 });
    expect(await series('retained_objects', later)).toEqual({ parse: 0 });
    expect(await series('retained_objects', later)).toEqual({});
    expect(await series('allocated', later)).toEqual({ other: 10, '(dropped)': 90 });
  });

  test('has zero growth once if it was a suspect, and is absent from then on', async () => {
    const { series } = newProducer();
    expect(await series('growth', view([], { suspects: [leaking('parse', 3)] }))).toEqual({ parse: 3 });
    expect(await series('growth', view([]))).toEqual({ parse: 0 });
    expect(await series('growth', view([]))).toEqual({});
  });
});

test.each([
  ['the heap grows', 60, { '': 60 }],
  ['nothing grows', undefined, {}],
  ['it is infinite, which JSON cannot express', Number.POSITIVE_INFINITY, {}],
])('the time to the limit when %s', async (_, secondsToLimit, expected) => {
  const { series } = newProducer();
  expect(await series('time_to_limit', view([], { secondsToLimit: 1 }))).toEqual({ '': 1 });
  expect(await series('time_to_limit', view([], { secondsToLimit }))).toEqual(expected);
});

test('the fastest suspects have series, and the rest is one', async () => {
  const suspects = [1, 2, 3, 4].map((rate) => leaking(`leak${rate}`, rate));
  expect(await newProducer().series('growth', view([], { suspects }))).toEqual({
    leak4: 4,
    leak3: 3,
    other: 3,
  });
});

test('attributes that a grouping sums over are absent', async () => {
  const grouped = { ...values(5), packageName: 'shop', component: 'api' };
  const dropped = { allocated: 1, allocations: 1 };
  const [allocated] = await newProducer({ groupBy: 'package' }).collect(view([grouped], { dropped }));
  expect(allocated?.dataPoints.map(({ attributes }) => attributes)).toEqual(
    ['shop', 'other', '(dropped)'].map((name) => ({
      'heapray.package.name': name,
      'heapray.component': 'api',
    })),
  );
});

test('other is always present if enabled', async () => {
  const { collect } = newProducer({ alwaysOther: true });
  for (let at = 0; at < 2; at++) {
    const metrics = await collect(view([row('parse', values(9, [0, 7, 0, 0, 0]))]));
    const pointsOf = (name: string) =>
      metrics
        .find(({ descriptor }) => descriptor.name === name)
        ?.dataPoints.map(({ attributes, value }) => {
          return [attributes['code.function.name'], attributes['heapray.age'], value];
        });
    expect(pointsOf('heapray.memory.retained')).toEqual([
      ['parse', '10s-1m', 7],
      ['other', '<10s', 0],
    ]);
    expect(pointsOf('heapray.memory.retained_objects')).toEqual([
      ['parse', undefined, 1],
      ['other', undefined, 0],
    ]);
  }
});

test('without ages, a site has one series of bytes in use, and one zero when it is gone', async () => {
  const { series } = newProducer({ retentionAges: false });
  expect(await series('retained', view([row('parse', values(9, [1, 2, 3, 0, 0]))]))).toEqual({ parse: 6 });
  expect(await series('retained', view([]))).toEqual({ parse: 0 });
  expect(await series('retained', view([]))).toEqual({});
});

test('a zero is repeated until the answer with it has arrived in time', async () => {
  const { collect, series } = newProducer({ retentionAges: false });
  const holding = view([row('parse', values(9, [5, 0, 0, 0, 0]))]);
  expect(await series('retained', holding)).toEqual({ parse: 5 });
  await collect(undefined);
  expect(await series('retained', view([]))).toEqual({ parse: 0 });
  expect(await series('retained', view([]))).toEqual({});
});

describe('for a reader with delta temporality', () => {
  const newDelta = () => newProducer({ retentionAges: false }, { counter: 0, updowncounter: 0 });

  /** Returns `[site, start, end, value]` of each point, times in ms since `NOW`. */
  function pointsOf(metrics: ReturnType<ProducedMetrics['of']>, name: string) {
    const metric = metrics.find(({ descriptor }) => descriptor.name === `heapray.memory.${name}`);
    expect(metric?.aggregationTemporality ?? 0).toBe(0);
    const millis = ([seconds, nanos]: readonly [number, number]) =>
      Math.round(seconds * 1000 + nanos / 1e6 - NOW);
    return metric?.dataPoints.map(({ attributes, startTime, endTime, value }) => {
      return [attributes['code.function.name'], millis(startTime), millis(endTime), value];
    });
  }

  test('counters have the increase since the last collection', async () => {
    const { collect } = newDelta();
    const first = await collect(view([row('parse', values(100))]));
    expect(pointsOf(first, 'allocated')).toEqual([
      ['parse', -60_000, 0, 100],
      ['other', -60_000, 0, 10],
    ]);
    const grown = { ...row('render', values(7)), sinceMillis: NOW };
    const second = await collect(view([row('parse', values(130)), grown]), 1000);
    expect(pointsOf(second, 'allocated')).toEqual([
      ['parse', 0, 1000, 30],
      ['render', 0, 1000, 7],
      ['other', 0, 1000, 0],
    ]);
  });

  test('an answer that does not arrive in time loses nothing', async () => {
    const { collect } = newDelta();
    await collect(view([row('parse', values(100))]));
    expect(pointsOf(await collect(undefined, 1000), 'allocated')?.[0]).toEqual(['parse', 0, 0, 0]);
    expect(pointsOf(await collect(view([row('parse', values(130))]), 2000), 'allocated')?.[0]).toEqual([
      'parse',
      0,
      2000,
      30,
    ]);
  });

  test('dropped counters are absent, and a returning site restarts', async () => {
    const { collect } = newDelta();
    await collect(view([row('parse', values(100))]));
    const gone = await collect(view([], { dropped: { allocated: 100, allocations: 10 } }), 1000);
    expect(pointsOf(gone, 'allocated')).toEqual([['other', 0, 1000, 0]]);
    const back = { ...row('parse', values(3)), sinceMillis: NOW + 1000 };
    const again = await collect(view([back], { dropped: { allocated: 100, allocations: 10 } }), 2000);
    expect(pointsOf(again, 'allocated')?.[0]).toEqual(['parse', 1000, 2000, 3]);
  });

  test('bytes in use are reported by their change, down to zero', async () => {
    const { collect } = newDelta();
    const holding = (bytes: number) => view([row('parse', values(9, [bytes, 0, 0, 0, 0]))]);
    expect(pointsOf(await collect(holding(50)), 'retained')).toEqual([['parse', -60_000, 0, 50]]);
    expect(pointsOf(await collect(holding(20), 1000), 'retained')).toEqual([['parse', 0, 1000, -30]]);
    expect(pointsOf(await collect(view([]), 2000), 'retained')).toEqual([['parse', 1000, 2000, -20]]);
    expect(pointsOf(await collect(view([]), 3000), 'retained')).toBeUndefined();
  });
});
