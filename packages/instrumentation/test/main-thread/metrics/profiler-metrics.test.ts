// Metrics of the process and of the profiler itself, on a real SDK.
import { isDeepStrictEqual } from 'node:util';
import v8 from 'node:v8';
import type { Attributes } from '@opentelemetry/api';
import { AggregationTemporality } from '@opentelemetry/sdk-metrics';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { CgroupMemory } from '../../../src/profiler-thread/resident/cgroup-memory.js';
import { CgroupWatch } from '../../../src/profiler-thread/resident/cgroup-watch.js';
import { newMetrics } from '../../support/heap-metrics.js';
import { heapView, row, values } from '../../support/heap-views.js';
import { seriesOf } from '../../support/test-reader.js';

afterEach(() => vi.restoreAllMocks());

describe('the process', () => {
  test('has resident memory by kind, and the kinds add up', async () => {
    vi.spyOn(process, 'memoryUsage').mockReturnValue({
      rss: 100_000_000,
      heapTotal: 0,
      heapUsed: 0,
      external: 5_000_000,
      arrayBuffers: 3_000_000,
    });
    const { collect } = newMetrics();
    const points = (await collect()).get('heapray.memory.resident')!.dataPoints;
    const bytes = (attributes: Attributes) =>
      points.find((point) => isDeepStrictEqual(point.attributes, attributes))?.value;
    expect(bytes({ 'heapray.memory.kind': 'array_buffers' })).toBe(3_000_000);
    expect(bytes({ 'heapray.memory.kind': 'external' })).toBe(2_000_000);
    const old = { 'heapray.memory.kind': 'heap', 'heapray.heap.generation': 'old' };
    expect(bytes({ ...old, 'heapray.heap.state': 'used' })).toBeGreaterThan(1_000_000);
    expect(points.filter(({ attributes }) => attributes['heapray.memory.kind'] === 'heap')).toHaveLength(6);
    expect(points.reduce((sum, { value }) => sum + Number(value), 0)).toBe(100_000_000);
  });

  test("has limits: the heap's, and the cgroup's only if there is one", async () => {
    const limits = async (constrained: number) => {
      vi.spyOn(process, 'constrainedMemory').mockReturnValue(constrained);
      const cgroup = new CgroupWatch(() => undefined).read();
      const { collect } = newMetrics(heapView({}, { cgroup }));
      return seriesOf((await collect()).get('heapray.memory.limit'), 'heapray.limit.kind');
    };
    expect(await limits(50_000_000)).toEqual({ heap: expect.any(Number), cgroup: 50_000_000 });
    expect(await limits(0)).toEqual({ heap: expect.any(Number) });
    // Node returns this in a cgroup without a limit.
    expect(await limits(1.8e19)).toEqual({ heap: expect.any(Number) });
  });

  test('has the usage and the events of its control group, as far as they are known', async () => {
    const shown = async (cgroup: CgroupMemory | undefined) => {
      const metrics = await newMetrics(heapView({}, { cgroup })).collect();
      return [
        seriesOf(metrics.get('heapray.memory.limit'), 'heapray.limit.kind'),
        seriesOf(metrics.get('heapray.cgroup.usage'), 'heapray.cgroup.part'),
        seriesOf(metrics.get('heapray.cgroup.events'), 'heapray.reason'),
      ];
    };
    const heap = expect.any(Number);
    const group = { limit: 90, high: 80, usage: 70, reclaimable: 20, events: { high: 4, oom_kill: 0 } };
    expect(await shown(group)).toEqual([
      { heap, cgroup: 90, cgroup_high: 80 },
      { working_set: 50, reclaimable: 20 },
      { high: 4, oom_kill: 0 },
    ]);
    const unknown = { limit: 90, high: undefined, usage: undefined, reclaimable: undefined, events: {} };
    expect(await shown(unknown)).toEqual([{ heap, cgroup: 90 }, {}, {}]);
    expect(await shown(undefined)).toEqual([{ heap }, {}, {}]);
  });
});

describe("the conventions' metrics", () => {
  test('are reported only when enabled', async () => {
    const names = async (conventions: boolean) => {
      const { collect } = newMetrics(heapView(), undefined, { conventions });
      return [...(await collect()).keys()].filter((name) => !name.startsWith('heapray.')).sort();
    };
    expect(await names(false)).toEqual([]);
    expect(await names(true)).toEqual([
      'process.memory.usage',
      'v8js.memory.heap.space.available_size',
      'v8js.memory.heap.space.physical_size',
      'v8js.memory.heap.space.size',
      'v8js.memory.heap.used',
    ]);
  });

  test('cover each heap space', async () => {
    vi.spyOn(v8, 'getHeapSpaceStatistics').mockReturnValue([
      space('old_space', [4, 3, 2, 1]),
      space('code_space', [40, 30, 20, 10]),
    ]);
    const { collect } = newMetrics(heapView(), undefined, { conventions: true });
    const metrics = await collect();
    const bySpace = (name: string) =>
      seriesOf(metrics.get(`v8js.memory.heap.${name}`), 'v8js.heap.space.name');
    expect(bySpace('space.size')).toEqual({ old_space: 4, code_space: 40 });
    expect(bySpace('used')).toEqual({ old_space: 3, code_space: 30 });
    expect(bySpace('space.available_size')).toEqual({ old_space: 2, code_space: 20 });
    expect(bySpace('space.physical_size')).toEqual({ old_space: 1, code_space: 10 });
    expect(seriesOf(metrics.get('process.memory.usage'))).toEqual({ '': expect.any(Number) });
  });
});

function space(name: string, [size = 0, used = 0, available = 0, physical = 0]: readonly number[]) {
  return {
    space_name: name,
    space_size: size,
    space_used_size: used,
    space_available_size: available,
    physical_space_size: physical,
  };
}

describe('the profiler', () => {
  test('counts its work', async () => {
    const { collect } = newMetrics(
      heapView(
        {},
        {
          samples: 10,
          unseenSamples: 7,
          shortLivedSamples: 3,
          liveSamples: 5,
          samplingInterval: 8192,
          carriedOverBytes: 77,
          polls: 20,
          completePairs: 8,
          interruptedPairs: 2,
          cpuSeconds: 1.5,
          memoryBytes: 4096,
        },
      ),
    );
    const metrics = await collect();
    const value = (name: string) => seriesOf(metrics.get(`heapray.profiler.${name}`));
    expect(value('samples')).toEqual({ '': 10 });
    expect(value('unobserved_samples')).toEqual({ '': 7 });
    expect(value('short_lived_samples')).toEqual({ '': 3 });
    expect(value('live_samples')).toEqual({ '': 5 });
    expect(value('sampling_interval')).toEqual({ '': 8192 });
    expect(seriesOf(metrics.get('heapray.memory.carried_over'))).toEqual({ '': 77 });
    expect(value('polls')).toEqual({ '': 20 });
    expect(value('cpu')).toEqual({ '': 1.5 });
    expect(value('memory')).toEqual({ '': 4096 });
    expect(seriesOf(metrics.get('heapray.profiler.pairs'), 'heapray.pair')).toEqual({
      complete: 8,
      interrupted: 2,
    });
  });

  test('reports its mode, and zero for a past one', async () => {
    const { collect, show } = newMetrics(heapView({}, { mode: 'none' }));
    const mode = async () =>
      seriesOf((await collect()).get('heapray.profiler.status'), 'heapray.profiler.mode');
    expect(await mode()).toEqual({ none: 1 });
    show(heapView({}, { mode: 'binding' }));
    expect(await mode()).toEqual({ none: 0, binding: 1 });
  });

  test('reports why memory is not profiled, before any view and whatever the last one contains', async () => {
    let problem: string | undefined = 'thread';
    const { collect, show } = newMetrics(undefined, undefined, { notProfiling: () => problem });
    const mode = async () =>
      seriesOf((await collect()).get('heapray.profiler.status'), 'heapray.profiler.mode', 'heapray.reason');
    const none = { 'none undefined': 0 };
    expect(await mode()).toEqual({ ...none, 'none thread': 1 });
    problem = undefined;
    show(heapView({}, { mode: 'none', noneReason: 'taken' }));
    expect(await mode()).toEqual({ ...none, 'none thread': 0, 'none taken': 1 });
    show(heapView());
    const passed = { ...none, 'none thread': 0, 'none taken': 0 };
    expect(await mode()).toEqual({ ...passed, 'binding undefined': 1 });
    problem = 'internal_error';
    expect(await mode()).toEqual({ ...passed, 'binding undefined': 0, 'none internal_error': 1 });
  });

  test('counts drops and losses by reason, starting with a zero', async () => {
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
    show(heapView({}, { pollMillis: [0.5, 1.5, 4] }));
    await duration();
    show(undefined);
    expect(await duration()).toMatchObject({ count: 3 });
    expect((await duration()).sum).toBeCloseTo(0.006, 9);
  });
});

describe('a profiler thread that does not answer', () => {
  test('leaves the last view in force, with fresh values of the process itself', async () => {
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

  test('does not look like one without call sites to a reader of deltas', async () => {
    const sites = { rows: [row('parse', values(1000))] };
    const { collect, show } = newMetrics(heapView(sites), AggregationTemporality.DELTA);
    await collect();
    show(undefined);
    expect(seriesOf((await collect()).get('heapray.memory.allocated'), 'code.function.name')).toEqual({
      parse: 0,
      other: 0,
    });
  });

  test('and never has leaves only the values of the process itself', async () => {
    const { collect } = newMetrics();
    expect([...(await collect()).keys()].sort()).toEqual(['heapray.memory.limit', 'heapray.memory.resident']);
  });
});

describe('disposed metrics', () => {
  test('do not call the profiler any more', async () => {
    const { collect, metrics, fetchPoints } = newMetrics(heapView({ rows: [row('parse', values(1000))] }));
    await collect();
    metrics.dispose();
    await collect();
    expect(fetchPoints).toHaveBeenCalledTimes(1);
  });

  test('that are attached again to the same meter report everything once', async () => {
    const view = heapView(
      { rows: [row('parse', values(1000, [1, 2, 3, 4, 5]))], other: values(1) },
      { pollMillis: [1, 2] },
    );
    const { collect, metrics, attach, fetchPoints } = newMetrics(view);
    await collect();
    metrics.dispose();
    const again = attach();
    await collect();
    const all = await collect();
    expect(seriesOf(all.get('heapray.memory.allocated'), 'code.function.name')).toEqual({
      parse: 1000,
      other: 1,
    });
    expect(all.get('heapray.memory.retained')?.dataPoints).toHaveLength(6);
    expect(all.get('heapray.profiler.poll.duration')?.dataPoints[0]?.value).toMatchObject({ count: 2 });
    expect(fetchPoints).toHaveBeenCalledTimes(1);
    expect(again.fetchPoints).toHaveBeenCalledTimes(2);
  });
});
