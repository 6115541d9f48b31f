import { AggregationTemporality, DataPointType, MeterProvider } from '@opentelemetry/sdk-metrics';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { HeapMetrics, type HeapView } from '../../src/signal/heap-metrics.js';
import { heapView, row, values } from '../support/heap-views.js';
import { seriesOf, TestReader } from '../support/test-reader.js';

/** Metrics of a fake profiler on a real SDK. */
function newMetrics(first?: HeapView, temporality = AggregationTemporality.CUMULATIVE) {
  const reader = new TestReader({ aggregationTemporalitySelector: () => temporality });
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter('@heapray/instrumentation', '1.2.3');
  let view: HeapView | undefined = first;
  let deaths = 0;
  const attach = () => {
    const fetchView = vi.fn(async () => view);
    const metrics = new HeapMetrics(meter, { component: 'api', fetchView, threadDeaths: () => deaths });
    return { metrics, fetchView };
  };
  return {
    reader,
    attach,
    ...attach(),
    show: (next: HeapView | undefined) => {
      view = next;
    },
    die: () => deaths++,
    collect: () => reader.metrics(),
  };
}

afterEach(() => vi.restoreAllMocks());

test('the instruments: names, kinds and units', async () => {
  const suspects = [{ ...row('parse', {}), bytesPerSecond: 1 }];
  const { collect } = newMetrics(
    heapView({}, { pollMillis: [1], drops: { capture: 1 } }, { suspects, secondsToLimit: 5 }),
  );
  const kinds = [...(await collect()).values()].map((metric) => {
    const kind =
      metric.dataPointType === DataPointType.SUM ? (metric.isMonotonic ? 'counter' : 'updown') : 'other';
    const { name, unit } = metric.descriptor;
    return `${name} ${metric.dataPointType === DataPointType.GAUGE ? 'gauge' : kind} ${unit}`;
  });
  expect(kinds.sort()).toEqual([
    'heapray.memory.allocated counter By',
    'heapray.memory.allocations counter {allocation}',
    'heapray.memory.growth gauge By/s',
    'heapray.memory.limit updown By',
    'heapray.memory.resident updown By',
    'heapray.memory.retained updown By',
    'heapray.memory.retained.objects updown {object}',
    'heapray.memory.time_to_limit gauge s',
    'heapray.profiler.cpu counter s',
    'heapray.profiler.drops counter {event}',
    'heapray.profiler.early_deaths counter {sample}',
    'heapray.profiler.lost_sampler counter {event}',
    'heapray.profiler.memory updown By',
    'heapray.profiler.mode updown {profiler}',
    'heapray.profiler.pairs counter {pair}',
    'heapray.profiler.poll.duration other s',
    'heapray.profiler.polls counter {poll}',
    'heapray.profiler.samples counter {sample}',
    'heapray.profiler.unobserved_samples counter {sample}',
  ]);
});

test('each instrument says what it is', async () => {
  const { collect } = newMetrics(heapView({}, { pollMillis: [1] }));
  for (const { descriptor } of (await collect()).values())
    expect(descriptor.description).toMatch(/^[A-Z].{20}/);
});

describe('call sites', () => {
  const sites = {
    rows: [
      row('parse', values(1000.4, [100.4, 0, 20, 0, 3])),
      row('render', { ...values(500, [7, 0, 0, 0, 0]), packageName: '@shop/view', component: 'scheduler' }),
    ],
    other: values(30, [1, 1, 1, 1, 1]),
  };

  test('are series with where, whose and which thread', async () => {
    const { collect } = newMetrics(heapView(sites));
    const allocated = (await collect()).get('heapray.memory.allocated');
    expect(allocated?.dataPoints.map(({ attributes }) => attributes)).toEqual([
      {
        'code.function.name': 'parse',
        'code.file.path': '/app/parse.js',
        'heapray.package': 'shop',
        'heapray.component': 'api',
        'thread.id': 0,
        'thread.name': 'main',
      },
      expect.objectContaining({
        'code.function.name': 'render',
        'heapray.package': '@shop/view',
        'heapray.component': 'scheduler',
      }),
      expect.objectContaining({
        'code.function.name': 'other',
        'code.file.path': '',
        'heapray.package': '',
        'heapray.component': 'api',
      }),
    ]);
  });

  test('in whole bytes and objects, and the rest is one sum', async () => {
    const { collect } = newMetrics(heapView(sites));
    const metrics = await collect();
    const byFunction = (name: string) => seriesOf(metrics.get(name), 'code.function.name');
    expect(byFunction('heapray.memory.allocated')).toEqual({ parse: 1000, render: 500, other: 30 });
    expect(byFunction('heapray.memory.allocations')).toEqual({ parse: 100, render: 50, other: 3 });
    expect(byFunction('heapray.memory.retained.objects')).toEqual({ parse: 12, render: 1, other: 1 });
  });

  test('retain by age', async () => {
    const { collect } = newMetrics(heapView({ ...sites, rows: sites.rows.slice(0, 1) }));
    const retained = (await collect()).get('heapray.memory.retained');
    expect(seriesOf(retained, 'code.function.name', 'heapray.age')).toEqual({
      'parse <10s': 100,
      'parse 10s-1m': 0,
      'parse 1m-10m': 20,
      'parse 10m-1h': 0,
      'parse >1h': 3,
      'other <10s': 1,
      'other 10s-1m': 1,
      'other 1m-10m': 1,
      'other 10m-1h': 1,
      'other >1h': 1,
    });
  });

  test('grow from one collection to the next by what was allocated', async () => {
    const { collect, show } = newMetrics(heapView(sites));
    await collect();
    show(heapView({ ...sites, rows: [row('parse', values(3000))] }));
    const later = seriesOf((await collect()).get('heapray.memory.allocated'), 'code.function.name');
    expect(later).toMatchObject({ parse: 3000, other: 30 });
  });
});

describe('leak suspects', () => {
  test('have a rate, and zero when they are suspect no longer', async () => {
    const parse = { ...row('parse', {}), bytesPerSecond: 123 };
    const { collect, show } = newMetrics(heapView({}, {}, { suspects: [parse], secondsToLimit: 60 }));
    const first = await collect();
    expect(seriesOf(first.get('heapray.memory.growth'), 'code.function.name')).toEqual({ parse: 123 });
    expect(seriesOf(first.get('heapray.memory.time_to_limit'))).toEqual({ '': 60 });
    show(heapView());
    const second = await collect();
    expect(seriesOf(second.get('heapray.memory.growth'), 'code.function.name')).toEqual({ parse: 0 });
    expect(seriesOf(second.get('heapray.memory.time_to_limit'))).toEqual({ '': Number.POSITIVE_INFINITY });
  });

  test('that never were give no time to the limit', async () => {
    const { collect } = newMetrics(heapView());
    expect((await collect()).has('heapray.memory.time_to_limit')).toBe(false);
  });
});

describe('the process', () => {
  test('is resident by kind, and the kinds add up', async () => {
    vi.spyOn(process, 'memoryUsage').mockReturnValue({
      rss: 100_000_000,
      heapTotal: 0,
      heapUsed: 0,
      external: 5_000_000,
      arrayBuffers: 3_000_000,
    });
    const { collect } = newMetrics();
    const kinds = seriesOf((await collect()).get('heapray.memory.resident'), 'heapray.memory.kind');
    expect(kinds).toMatchObject({ array_buffers: 3_000_000, external: 2_000_000 });
    expect(Object.values(kinds).reduce<number>((sum, bytes) => sum + Number(bytes), 0)).toBe(100_000_000);
  });

  test('has limits: the heap, and the cgroup only where there is one', async () => {
    const limits = async (constrained: number) => {
      vi.spyOn(process, 'constrainedMemory').mockReturnValue(constrained);
      const { collect } = newMetrics();
      return seriesOf((await collect()).get('heapray.memory.limit'), 'heapray.limit.kind');
    };
    expect(await limits(50_000_000)).toEqual({ heap: expect.any(Number), cgroup: 50_000_000 });
    expect(await limits(0)).toEqual({ heap: expect.any(Number) });
    // What Node answers in a cgroup without a limit.
    expect(await limits(1.8e19)).toEqual({ heap: expect.any(Number) });
  });
});

describe('the profiler', () => {
  test('counts what it does', async () => {
    const { collect } = newMetrics(
      heapView(
        {},
        {
          samples: 10,
          unseenSamples: 7,
          earlyDeaths: 3,
          polls: 20,
          wholePairs: 8,
          cutPairs: 2,
          cpuSeconds: 1.5,
          memoryBytes: 4096,
        },
      ),
    );
    const metrics = await collect();
    const value = (name: string) => seriesOf(metrics.get(`heapray.profiler.${name}`));
    expect(value('samples')).toEqual({ '': 10 });
    expect(value('unobserved_samples')).toEqual({ '': 7 });
    expect(value('early_deaths')).toEqual({ '': 3 });
    expect(value('polls')).toEqual({ '': 20 });
    expect(value('cpu')).toEqual({ '': 1.5 });
    expect(value('memory')).toEqual({ '': 4096 });
    expect(seriesOf(metrics.get('heapray.profiler.pairs'), 'heapray.pair')).toEqual({ whole: 8, cut: 2 });
  });

  test('names its mode; one that has passed says zero', async () => {
    const { collect, show } = newMetrics(heapView({}, { mode: 'none' }));
    const mode = async () =>
      seriesOf((await collect()).get('heapray.profiler.mode'), 'heapray.profiler.mode');
    expect(await mode()).toEqual({ none: 1 });
    show(heapView({}, { mode: 'binding' }));
    expect(await mode()).toEqual({ none: 0, binding: 1 });
  });

  test('counts drops and losses by reason, from a zero on', async () => {
    const { collect, show, die } = newMetrics(heapView());
    const reasons = async (name: string) => seriesOf((await collect()).get(name), 'heapray.reason');
    expect(await reasons('heapray.profiler.drops')).toEqual({ none: 0 });
    expect(await reasons('heapray.profiler.lost_sampler')).toEqual({ none: 0 });
    die();
    show(heapView({}, { drops: { capture: 2, tree_full: 5 }, lostSampler: { stopped: 1 } }));
    expect(await reasons('heapray.profiler.drops')).toMatchObject({ capture: 2, tree_full: 5 });
    expect(await reasons('heapray.profiler.lost_sampler')).toMatchObject({ stopped: 1, thread_died: 1 });
  });

  test('measures each poll once, in seconds', async () => {
    const { collect, show } = newMetrics(heapView({}, { pollMillis: [0.5, 1.5] }));
    const duration = async () => {
      const metric = (await collect()).get('heapray.profiler.poll.duration');
      const point = metric?.dataPoints[0];
      return point?.value as { count: number; sum: number };
    };
    await duration();
    show(heapView({}, { pollMillis: [4] }));
    await duration();
    show(undefined);
    expect(await duration()).toMatchObject({ count: 3 });
    expect((await duration()).sum).toBeCloseTo(0.006, 9);
  });
});

describe('a profiler thread that does not answer', () => {
  test('leaves its last word standing, and what the process itself knows is fresh', async () => {
    const { collect, show } = newMetrics(heapView({ rows: [row('parse', values(1000))] }, { polls: 5 }));
    const usage = vi.spyOn(process, 'memoryUsage');
    const base = { rss: 0, heapTotal: 0, heapUsed: 0, external: 100, arrayBuffers: 100 };
    usage.mockReturnValue(base);
    await collect();
    show(undefined);
    usage.mockReturnValue({ ...base, arrayBuffers: 77 });
    const metrics = await collect();
    expect(seriesOf(metrics.get('heapray.memory.allocated'), 'code.function.name')).toMatchObject({
      parse: 1000,
    });
    expect(seriesOf(metrics.get('heapray.profiler.polls'))).toEqual({ '': 5 });
    expect(seriesOf(metrics.get('heapray.memory.resident'), 'heapray.memory.kind')).toMatchObject({
      array_buffers: 77,
    });
  });

  test('is not taken for one without call sites by a reader of differences', async () => {
    const sites = { rows: [row('parse', values(1000))] };
    const { collect, show } = newMetrics(heapView(sites), AggregationTemporality.DELTA);
    await collect();
    show(undefined);
    expect(seriesOf((await collect()).get('heapray.memory.allocated'), 'code.function.name')).toEqual({
      parse: 0,
      other: 0,
    });
  });

  test('and never has leaves only what the process itself knows', async () => {
    const { collect } = newMetrics();
    expect([...(await collect()).keys()].sort()).toEqual(['heapray.memory.limit', 'heapray.memory.resident']);
  });
});

describe('metrics that are given up', () => {
  test('ask the profiler no more', async () => {
    const { collect, metrics, fetchView } = newMetrics(heapView({ rows: [row('parse', values(1000))] }));
    await collect();
    metrics.dispose();
    await collect();
    expect(fetchView).toHaveBeenCalledTimes(1);
  });

  test('and attached again to the same meter say everything once', async () => {
    const view = heapView({ rows: [row('parse', values(1000, [1, 2, 3, 4, 5]))], other: values(1) });
    const { collect, metrics, attach, fetchView } = newMetrics(view);
    await collect();
    metrics.dispose();
    const again = attach();
    await collect();
    const all = await collect();
    expect(seriesOf(all.get('heapray.memory.allocated'), 'code.function.name')).toEqual({
      parse: 1000,
      other: 1,
    });
    expect(all.get('heapray.memory.retained')?.dataPoints).toHaveLength(10);
    expect(fetchView).toHaveBeenCalledTimes(1);
    expect(again.fetchView).toHaveBeenCalledTimes(2);
  });
});
