import { describe, expect, test } from 'vitest';
import type { GroupBy } from '../../../src/config/index.js';
import type { Suspect } from '../../../src/main-thread/metrics/site-growth.js';
import { TopSiteMetrics, type TopSitesView } from '../../../src/main-thread/metrics/top-site-metrics.js';
import type { CallSiteRow } from '../../../src/profiler-thread/metrics/call-site-series.js';
import type { SiteCounters } from '../../../src/profiler-thread/metrics/site-values.js';
import { leaking, row, values } from '../../support/heap-views.js';

const NOW = 1_700_000_001_500;
const NOTHING: SiteCounters = { allocated: 0, allocations: 0 };

function view(
  rows: readonly (CallSiteRow & { sinceMillis?: number })[],
  rest: { dropped?: SiteCounters; suspects?: readonly Suspect[]; secondsToLimit?: number } = {},
): TopSitesView {
  const sites = { rows: rows.map((one) => ({ sinceMillis: undefined, ...one })), other: values(10) };
  return {
    sites: { ...sites, dropped: rest.dropped ?? NOTHING },
    suspects: rest.suspects ?? [],
    secondsToLimit: rest.secondsToLimit,
    startedMillis: NOW - 60_000,
    nowMillis: NOW,
  };
}

/** Returns metrics by name; each call is one collection. */
function newProducer(groupBy: GroupBy = 'function', maxCallSites = 2) {
  const producer = new TopSiteMetrics({ component: 'api', groupBy, maxCallSites, retentionAges: true });
  const collect = (next: TopSitesView) => producer.metrics(next);
  /** Returns the values of one metric by function and age. */
  const series = (name: string, next: TopSitesView) => {
    const metric = collect(next).find(({ descriptor }) => descriptor.name === `heapray.memory.${name}`);
    const nameOf = ({ 'code.function.name': site, 'heapray.age': age }: Record<string, unknown>) =>
      [site, age].filter((part) => part !== undefined).join(' ');
    return Object.fromEntries(
      (metric?.dataPoints ?? []).map(({ attributes, value }) => [nameOf(attributes), value]),
    );
  };
  return { collect, series };
}

test('the metrics have the names, kinds and units of the instruments', () => {
  const suspects = [leaking('parse', 1)];
  const metrics = newProducer().collect(view([row('parse', values(1000, [1, 2, 3, 4, 5]))], { suspects }));
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

test('a point ends now and starts when its counting began', () => {
  const rows = [row('old', values(1)), { ...row('new', values(1)), sinceMillis: NOW - 1000 }];
  const [allocated] = newProducer().collect(view(rows));
  expect(allocated?.dataPoints).toMatchObject([
    { startTime: [1_699_999_941, 500_000_000], endTime: [1_700_000_001, 500_000_000] },
    { startTime: [1_700_000_000, 500_000_000], endTime: [1_700_000_001, 500_000_000] },
    { startTime: [1_699_999_941, 500_000_000], attributes: { 'code.function.name': 'other' } },
  ]);
});

describe('a vanished site', () => {
  test('has zero bytes in use once, and is absent from then on', () => {
    const { series } = newProducer();
    const both = view([row('parse', values(9, [5, 0, 0, 0, 0])), row('render', values(9, [0, 0, 0, 0, 7]))]);
    const one = view([row('render', values(9, [0, 0, 0, 0, 8]))]);
    expect(series('retained', both)).toEqual({ 'parse <10s': 5, 'render >1h': 7 });
    expect(series('retained', one)).toEqual({ 'parse <10s': 0, 'render >1h': 8 });
    expect(series('retained', one)).toEqual({ 'render >1h': 8 });
  });

  test('has zero objects once, and no counter', () => {
    const { series } = newProducer();
    const first = view([row('parse', values(90, [50, 0, 0, 0, 0]))]);
    const later = view([], { dropped: { allocated: 90, allocations: 9 } });
    expect(series('retained_objects', first)).toEqual({ parse: 5 });
    expect(series('retained_objects', later)).toEqual({ parse: 0 });
    expect(series('retained_objects', later)).toEqual({});
    expect(series('allocated', later)).toEqual({ other: 10, '(dropped)': 90 });
  });

  test('has zero growth once if it was a suspect, and is absent from then on', () => {
    const { series } = newProducer();
    expect(series('growth', view([], { suspects: [leaking('parse', 3)] }))).toEqual({ parse: 3 });
    expect(series('growth', view([]))).toEqual({ parse: 0 });
    expect(series('growth', view([]))).toEqual({});
  });
});

test.each([
  ['the heap grows', 60, { '': 60 }],
  ['nothing grows', undefined, {}],
  ['it is infinite, which JSON cannot express', Number.POSITIVE_INFINITY, {}],
])('the time to the limit when %s', (_, secondsToLimit, expected) => {
  const { series } = newProducer();
  expect(series('time_to_limit', view([], { secondsToLimit: 1 }))).toEqual({ '': 1 });
  expect(series('time_to_limit', view([], secondsToLimit === undefined ? {} : { secondsToLimit }))).toEqual(
    expected,
  );
});

test('the fastest suspects have series, and the rest is one', () => {
  const suspects = [1, 2, 3, 4].map((rate) => leaking(`leak${rate}`, rate));
  expect(newProducer().series('growth', view([], { suspects }))).toEqual({ leak4: 4, leak3: 3, other: 3 });
});

test('attributes that a grouping sums over are absent', () => {
  const grouped = { ...values(5), packageName: 'shop', component: 'api' };
  const dropped = { allocated: 1, allocations: 1 };
  const [allocated] = newProducer('package').collect(view([grouped], { dropped }));
  expect(allocated?.dataPoints.map(({ attributes }) => attributes)).toEqual(
    ['shop', 'other', '(dropped)'].map((name) => ({
      'heapray.package.name': name,
      'heapray.component': 'api',
    })),
  );
});

test('other is always present if enabled', () => {
  const producer = new TopSiteMetrics({
    component: 'api',
    groupBy: 'function',
    maxCallSites: 2,
    retentionAges: true,
    alwaysOther: true,
  });
  for (let at = 0; at < 2; at++) {
    const metrics = producer.metrics(view([row('parse', values(9, [0, 7, 0, 0, 0]))]));
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

test('without ages, a site has one series of bytes in use, and one zero when it is gone', () => {
  const producer = new TopSiteMetrics({
    component: 'api',
    groupBy: 'function',
    maxCallSites: 2,
    retentionAges: false,
  });
  const retained = (next: TopSitesView) =>
    producer
      .metrics(next)
      .find(({ descriptor }) => descriptor.name === 'heapray.memory.retained')
      ?.dataPoints.map(({ attributes, value }) => [
        attributes['code.function.name'],
        attributes['heapray.age'],
        value,
      ]);
  expect(retained(view([row('parse', values(9, [1, 2, 3, 0, 0]))]))).toEqual([['parse', undefined, 6]]);
  expect(retained(view([]))).toEqual([['parse', undefined, 0]]);
  expect(retained(view([]))).toBeUndefined();
});

describe('for a reader with delta temporality', () => {
  const temporalities = { counter: 0, updowncounter: 0 } as const;
  const options = {
    component: 'api',
    groupBy: 'function',
    maxCallSites: 2,
    retentionAges: false,
    temporalities,
  } as const;
  const at = (millis: number, next: TopSitesView) => ({ ...next, nowMillis: NOW + millis });

  /** Returns `[site, start, end, value]` of each point, times in ms since `NOW`. */
  function pointsOf(metrics: ReturnType<TopSiteMetrics['metrics']>, name: string) {
    const metric = metrics.find(({ descriptor }) => descriptor.name === `heapray.memory.${name}`);
    expect(metric?.aggregationTemporality ?? 0).toBe(0);
    const millis = ([seconds, nanos]: readonly [number, number]) =>
      Math.round(seconds * 1000 + nanos / 1e6 - NOW);
    return metric?.dataPoints.map(({ attributes, startTime, endTime, value }) => {
      return [attributes['code.function.name'], millis(startTime), millis(endTime), value];
    });
  }

  test('counters have the increase since the last collection', () => {
    const producer = new TopSiteMetrics(options);
    const first = producer.metrics(at(0, view([row('parse', values(100))])));
    expect(pointsOf(first, 'allocated')).toEqual([
      ['parse', -60_000, 0, 100],
      ['other', -60_000, 0, 10],
    ]);
    const grown = { ...row('render', values(7)), sinceMillis: NOW };
    const second = producer.metrics(at(1000, view([row('parse', values(130)), grown])));
    expect(pointsOf(second, 'allocated')).toEqual([
      ['parse', 0, 1000, 30],
      ['render', 0, 1000, 7],
      ['other', 0, 1000, 0],
    ]);
  });

  test('dropped counters are absent, and a returning site restarts', () => {
    const producer = new TopSiteMetrics(options);
    producer.metrics(at(0, view([row('parse', values(100))])));
    const gone = producer.metrics(at(1000, view([], { dropped: { allocated: 100, allocations: 10 } })));
    expect(pointsOf(gone, 'allocated')).toEqual([['other', 0, 1000, 0]]);
    const back = { ...row('parse', values(3)), sinceMillis: NOW + 1000 };
    const again = producer.metrics(at(2000, view([back], { dropped: { allocated: 100, allocations: 10 } })));
    expect(pointsOf(again, 'allocated')?.[0]).toEqual(['parse', 1000, 2000, 3]);
  });

  test('bytes in use are reported by their change, down to zero', () => {
    const producer = new TopSiteMetrics(options);
    const holding = (bytes: number) => view([row('parse', values(9, [bytes, 0, 0, 0, 0]))]);
    expect(pointsOf(producer.metrics(at(0, holding(50))), 'retained')).toEqual([['parse', -60_000, 0, 50]]);
    expect(pointsOf(producer.metrics(at(1000, holding(20))), 'retained')).toEqual([['parse', 0, 1000, -30]]);
    expect(pointsOf(producer.metrics(at(2000, view([]))), 'retained')).toEqual([['parse', 1000, 2000, -20]]);
    expect(pointsOf(producer.metrics(at(3000, view([]))), 'retained')).toBeUndefined();
  });
});
