// Metrics of call sites, on a real SDK.
import { DataPointType } from '@opentelemetry/sdk-metrics';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { GroupBy } from '../../../src/config/index.js';
import type { Suspect } from '../../../src/profiler-thread/metrics/site-growth.js';
import type { CallSiteRow } from '../../../src/profiler-thread/metrics/sticky-call-sites.js';
import { INSTRUMENTS } from '../../../src/protocol/metric-points.js';
import { newMetrics, SITES } from '../../support/heap-metrics.js';
import { heapView, leaking, row, values } from '../../support/heap-views.js';
import { seriesOf } from '../../support/test-reader.js';

afterEach(() => vi.restoreAllMocks());

test('the instruments: names, kinds and units', async () => {
  const suspects = [leaking('parse', 1)];
  const { collect } = newMetrics(heapView({}, { pollMillis: [1], drops: { capture: 1 } }, { suspects }));
  const kinds = [...(await collect()).values()].map((metric) => {
    const kind =
      metric.dataPointType === DataPointType.SUM ? (metric.isMonotonic ? 'counter' : 'updown') : 'other';
    const { name, unit } = metric.descriptor;
    return `${name} ${metric.dataPointType === DataPointType.GAUGE ? 'gauge' : kind} ${unit}`;
  });
  expect(kinds.sort()).toEqual([
    'heapray.memory.allocated counter By',
    'heapray.memory.allocations counter {allocation}',
    'heapray.memory.carried_over updown By',
    'heapray.memory.growth gauge By/s',
    'heapray.memory.limit updown By',
    'heapray.memory.resident updown By',
    'heapray.memory.retained updown By',
    'heapray.memory.retained_objects updown {object}',
    'heapray.memory.uncollected updown By',
    'heapray.profiler.cpu counter s',
    'heapray.profiler.drops counter {event}',
    'heapray.profiler.leak_windows gauge {window}',
    'heapray.profiler.live_samples updown {sample}',
    'heapray.profiler.lost_sampler counter {event}',
    'heapray.profiler.major_collections counter {collection}',
    'heapray.profiler.memory updown By',
    'heapray.profiler.pairs counter {pair}',
    'heapray.profiler.poll.duration other s',
    'heapray.profiler.polls counter {poll}',
    'heapray.profiler.samples counter {sample}',
    'heapray.profiler.sampling_interval gauge By',
    'heapray.profiler.short_lived_samples counter {sample}',
    'heapray.profiler.status updown {profiler}',
    'heapray.profiler.undecided_sites gauge {site}',
    'heapray.profiler.unobserved_samples counter {sample}',
  ]);
});

test('each instrument has a description', async () => {
  const { collect } = newMetrics(heapView({}, { pollMillis: [1] }));
  for (const { descriptor } of (await collect()).values())
    expect(descriptor.description).toMatch(/^[A-Z].{20}/);
});

/** Attributes that identify series of call sites here. */
const SERIES = ['code.function.name', 'heapray.component'];

describe('call sites', () => {
  const sites = {
    rows: [
      row('parse', values(1000.4, [100.4, 0, 20, 0, 3])),
      row('render', { ...values(500, [7, 0, 0, 0, 0]), packageName: '@shop/view', component: 'scheduler' }),
    ],
    other: values(30, [1, 1, 1, 1, 1]),
  };
  const anonymous = (site: Partial<CallSiteRow>) =>
    row('(anonymous)', { ...values(10), file: '/app/a.js', ...site });

  test('are series with function, package and thread', async () => {
    const { collect } = newMetrics(heapView(sites));
    const allocated = (await collect()).get('heapray.memory.allocated');
    expect(allocated?.dataPoints.map(({ attributes }) => attributes)).toEqual([
      {
        'code.function.name': 'parse',
        'code.file.path': '/app/parse.js',
        'code.line.number': 33,
        'heapray.package.name': 'shop',
        'heapray.component': 'api',
      },
      expect.objectContaining({
        'code.function.name': 'render',
        'heapray.package.name': '@shop/view',
        'heapray.component': 'scheduler',
      }),
      expect.objectContaining({
        'code.function.name': 'other',
        'code.file.path': '',
        'heapray.package.name': '',
        'heapray.component': 'api',
      }),
    ]);
  });

  test('are functions by where they start, with the column if the line is ambiguous', async () => {
    const rows = [
      anonymous({ line: 5, column: 13 }),
      anonymous({ line: 6, column: 13, sharesLine: true }),
      anonymous({ line: 6, column: 50, sharesLine: true }),
      anonymous({ line: 0, column: 0 }),
    ];
    const { collect } = newMetrics(
      heapView(
        { ...sites, rows },
        {},
        { suspects: [{ ...rows[2]!, shortFile: 'a.js', bytesPerSecond: 7 } as Suspect] },
      ),
    );
    const metrics = await collect();
    const places = (name: string) =>
      metrics
        .get(name)
        ?.dataPoints.map(({ attributes }) => [
          attributes['code.line.number'],
          attributes['code.column.number'],
        ]);
    const none = [undefined, undefined];
    const all = [[5, undefined], [6, 13], [6, 50], none];
    expect(places('heapray.memory.allocated')).toEqual([...all, none]);
    expect(places('heapray.memory.growth')).toEqual([[6, 50]]);
    const retained = metrics.get('heapray.memory.retained')?.dataPoints ?? [];
    expect(new Set(retained.map(({ attributes }) => JSON.stringify(attributes))).size).toBe(retained.length);
  });

  test('are in whole bytes and objects, and the rest is one sum', async () => {
    const { collect } = newMetrics(heapView(sites));
    const metrics = await collect();
    const byFunction = (name: string) => seriesOf(metrics.get(name), 'code.function.name');
    expect(byFunction('heapray.memory.allocated')).toEqual({ parse: 1000, render: 500, other: 30 });
    expect(byFunction('heapray.memory.allocations')).toEqual({ parse: 100, render: 50, other: 3 });
    expect(byFunction('heapray.memory.retained_objects')).toEqual({ parse: 12, render: 1, other: 1 });
  });

  test('have bytes in use by age', async () => {
    const { collect } = newMetrics(heapView({ ...sites, rows: sites.rows.slice(0, 1) }));
    const retained = (await collect()).get('heapray.memory.retained');
    expect(seriesOf(retained, 'code.function.name', 'heapray.age')).toEqual({
      'parse <10s': 100,
      'parse 1m-10m': 20,
      'parse >1h': 3,
      'other <10s': 1,
      'other 10s-1m': 1,
      'other 1m-10m': 1,
      'other 10m-1h': 1,
      'other >1h': 1,
    });
  });

  test('have an age only once there were such bytes, and zero when they are gone', async () => {
    const { collect, show } = newMetrics(heapView({ rows: [row('parse', values(9, [0, 5, 0, 0, 0, 0]))] }));
    const ages = async () => {
      const series = seriesOf((await collect()).get('heapray.memory.retained'), ...SERIES, 'heapray.age');
      return Object.fromEntries(Object.entries(series).filter(([name]) => name.startsWith('parse')));
    };
    expect(await ages()).toEqual({ 'parse api 10s-1m': 5 });
    show(heapView({ rows: [row('parse', values(9, [0, 0, 4, 0, 0, 7]))] }));
    expect(await ages()).toEqual({ 'parse api 10s-1m': 0, 'parse api 1m-10m': 4, 'parse api unknown': 7 });
    show(heapView({ rows: [row('parse', values(9, [0, 0, 0, 0, 0, 0]))] }));
    expect(await ages()).toEqual({ 'parse api 10s-1m': 0, 'parse api 1m-10m': 0, 'parse api unknown': 0 });
  });

  test('unknown to a new profiler thread have nothing in use, and their counters stay', async () => {
    const { collect, show } = newMetrics(heapView(sites));
    await collect();
    show(heapView({ rows: [row('parse', values(8, [1, 0, 0, 0, 0]))] }));
    const metrics = await collect();
    const byFunction = (name: string) => seriesOf(metrics.get(name), 'code.function.name');
    expect(byFunction('heapray.memory.allocated')).toMatchObject({ parse: 8, render: 500 });
    expect(byFunction('heapray.memory.retained_objects')).toMatchObject({ render: 0 });
    expect(seriesOf(metrics.get('heapray.memory.retained'), ...SERIES, 'heapray.age')).toMatchObject({
      'parse api <10s': 1,
      'parse api 1m-10m': 0,
      'render scheduler <10s': 0,
    });
  });

  test('when grouped have no attribute that the grouping sums over', async () => {
    const attributes = async (groupBy: GroupBy, group: Partial<CallSiteRow>) => {
      const grouped = { ...values(5), component: 'api', ...group };
      const { collect } = newMetrics(heapView({ rows: [grouped] }), undefined, {
        sites: { ...SITES, groupBy },
      });
      const points = (await collect()).get('heapray.memory.allocated')?.dataPoints ?? [];
      return points.map((point) => point.attributes);
    };
    expect(await attributes('file', { file: '/app/a.js', packageName: 'shop' })).toEqual([
      { 'code.file.path': '/app/a.js', 'heapray.package.name': 'shop', 'heapray.component': 'api' },
      { 'code.file.path': 'other', 'heapray.package.name': '', 'heapray.component': 'api' },
    ]);
    expect(await attributes('package', { packageName: 'shop' })).toEqual([
      { 'heapray.package.name': 'shop', 'heapray.component': 'api' },
      { 'heapray.package.name': 'other', 'heapray.component': 'api' },
    ]);
    expect(await attributes('component', {})).toEqual([
      { 'heapray.component': 'api' },
      { 'heapray.component': 'other' },
    ]);
  });

  test('are left to a metric producer as soon as a reader collects from one, and known series have nothing in use', async () => {
    const suspects = [leaking('parse', 7)];
    const { collect, addProducer, fetchPoints } = newMetrics(heapView(sites, {}, { suspects }));
    await collect();
    addProducer();
    const metrics = await collect();
    expect(fetchPoints.mock.calls.map(([wanted]) => wanted)).toEqual([
      { consumer: INSTRUMENTS, sites: SITES, withOwn: true },
      { consumer: INSTRUMENTS, sites: undefined, withOwn: true },
    ]);
    expect(seriesOf(metrics.get('heapray.memory.growth'), 'code.function.name')).toEqual({ parse: 0 });
    const zero = metrics.get('heapray.memory.retained')?.dataPoints.every(({ value }) => value === 0);
    expect(zero).toBe(true);
    expect(seriesOf(metrics.get('heapray.profiler.status'), 'heapray.profiler.mode')).toEqual({
      binding: 1,
      none: 0,
    });
  });

  test('are not reported if a reader collects from a producer from the start', async () => {
    const suspects = [leaking('parse', 7)];
    const { collect, addProducer } = newMetrics(heapView(sites, {}, { suspects }));
    addProducer();
    const names = [...(await collect()).keys()].filter((name) => name.startsWith('heapray.memory'));
    expect(names.sort()).toEqual([
      'heapray.memory.carried_over',
      'heapray.memory.limit',
      'heapray.memory.resident',
      'heapray.memory.uncollected',
    ]);
  });

  test('grow between collections by what was allocated', async () => {
    const { collect, show } = newMetrics(heapView(sites));
    await collect();
    show(heapView({ ...sites, rows: [row('parse', values(3000))] }));
    const later = seriesOf((await collect()).get('heapray.memory.allocated'), 'code.function.name');
    expect(later).toMatchObject({ parse: 3000, other: 30 });
  });
});

describe('leak suspects', () => {
  test('have a growth rate, which is zero when they are no longer suspected', async () => {
    const parse = leaking('parse', 123);
    const { collect, show } = newMetrics(heapView({}, {}, { suspects: [parse] }));
    const first = await collect();
    expect(seriesOf(first.get('heapray.memory.growth'), 'code.function.name')).toEqual({ parse: 123 });
    show(heapView());
    const second = await collect();
    expect(seriesOf(second.get('heapray.memory.growth'), 'code.function.name')).toEqual({ parse: 0 });
  });

  test('have few series: the rest is one sum', async () => {
    const suspects = [7, 6, 5, 4, 3, 2].map((rate) => leaking(`leak${rate}`, rate));
    const { collect, show } = newMetrics(heapView({}, {}, { suspects }));
    const growth = async () => seriesOf((await collect()).get('heapray.memory.growth'), 'code.function.name');
    expect(await growth()).toEqual({ leak7: 7, leak6: 6, leak5: 5, leak4: 4, other: 5 });
    show(heapView({}, {}, { suspects: suspects.slice(3) }));
    expect(await growth()).toEqual({ leak7: 0, leak6: 0, leak5: 0, leak4: 4, other: 5 });
    show(heapView());
    expect(await growth()).toEqual({ leak7: 0, leak6: 0, leak5: 0, leak4: 0, other: 0 });
  });

  test('are grouped like call sites', async () => {
    const suspects = [leaking('one', 3), leaking('two', 4)];
    const view = heapView({}, {}, { suspects });
    const { collect } = newMetrics(view, undefined, { sites: { ...SITES, groupBy: 'package' } });
    const growth = (await collect()).get('heapray.memory.growth');
    expect(seriesOf(growth, 'heapray.package.name')).toEqual({ shop: 7 });
  });
});
