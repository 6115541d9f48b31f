import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { afterEach, expect, test, vi } from 'vitest';
import { ConfigError, type GroupBy } from '../../src/config/index.js';
import { heaprayMetricProducer } from '../../src/main-thread/metric-producer.js';
import { HeapMetrics } from '../../src/main-thread/metrics/heap-metrics.js';
import { hasMetricProducer } from '../../src/main-thread/metrics/metric-producers.js';
import type { MemoryProfiler } from '../../src/main-thread/profiler/memory-profiler.js';
import type { PointsWanted } from '../../src/main-thread/profiler/metric-requests.js';
import { acquireSharedProfiler } from '../../src/main-thread/profiler/shared-profiler.js';
import { requestsTo } from '../support/fake-points.js';
import { SITES } from '../support/heap-metrics.js';
import { type HeapView, heapView, row, values } from '../support/heap-views.js';
import { TestReader } from '../support/test-reader.js';

const cleanups: (() => Promise<void>)[] = [];
/** A producer counts for the life of the process; here, only for a test. */
const PRODUCERS = Symbol.for('heapray.producers.2');
afterEach(async () => {
  Reflect.deleteProperty(globalThis, PRODUCERS);
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Makes a profiler of this process that shows these views; it does not answer without one. */
function profilerThat(next: () => HeapView | undefined, groupBy: GroupBy = 'function') {
  const options = { component: 'api', maxCallSites: 50, groupBy, retentionAges: false };
  let shown: HeapView | undefined;
  const requests = requestsTo(() => shown);
  const asked = vi.fn((wanted: PointsWanted) => {
    shown = next();
    return requests.points(wanted);
  });
  const profiler = { config: { options }, points: asked, start() {}, async stop() {} };
  const claim = acquireSharedProfiler(() => profiler as unknown as MemoryProfiler, {
    hasProvider: () => true,
    carryMetrics() {},
  });
  cleanups.push(() => claim.release());
  return asked;
}

const view = heapView({
  rows: [row('parse', values(1000, [5, 0, 0, 0, 0]))],
  other: values(3),
  dropped: { allocated: 0, allocations: 0 },
});

async function namesOf(producer: ReturnType<typeof heaprayMetricProducer>) {
  const { resourceMetrics, errors } = await producer.collect();
  expect(errors).toEqual([]);
  return resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
    metrics.map(({ descriptor }) => descriptor.name),
  );
}

test('refuses a wrong option at once, without counting a producer', () => {
  expect(() => heaprayMetricProducer({ maxCallSites: 0 })).toThrow(ConfigError);
  expect(() => heaprayMetricProducer({ groupBy: 'thread' as never })).toThrow(/^groupBy: 'thread'/);
  expect(hasMetricProducer()).toBe(false);
});

test('changes nothing for instruments until a reader collects from it', async () => {
  const producer = heaprayMetricProducer();
  expect(hasMetricProducer()).toBe(false);
  await producer.collect();
  expect(hasMetricProducer()).toBe(true);
});

test('alone reports call sites from its first collection, where instruments would too', async () => {
  profilerThat(() => view);
  const reader = new TestReader({ metricProducers: [heaprayMetricProducer()] });
  const meter = new MeterProvider({ readers: [reader] }).getMeter('@heapray/instrumentation');
  new HeapMetrics(meter, {
    sites: SITES,
    conventions: false,
    fetchPoints: (wanted) => requestsTo(() => view).points(wanted),
    threadDeaths: () => 0,
    notProfiling: () => undefined,
    serveReaders: () => false,
    hasProducer: hasMetricProducer,
  });
  for (let collection = 0; collection < 2; collection++) {
    const { resourceMetrics } = await reader.collect();
    const names = resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
      metrics.map(({ descriptor }) => descriptor.name),
    );
    expect(names).toContain('heapray.memory.allocated');
    expect(new Set(names).size).toBe(names.length);
  }
});

test('gives no metrics and no scope without a profiler', async () => {
  const { resourceMetrics, errors } = await heaprayMetricProducer().collect();
  expect(resourceMetrics.scopeMetrics).toEqual([]);
  expect(errors).toEqual([]);
});

test('takes missing options from the instrumentation; producers have different numbers', async () => {
  const asked = profilerThat(() => view);
  await heaprayMetricProducer().collect();
  await heaprayMetricProducer({ maxCallSites: 7, groupBy: 'package', retentionAges: true }).collect();
  const [first, second] = asked.mock.calls.map(([wanted]) => wanted);
  expect(first?.sites).toMatchObject({ maxCallSites: 50, groupBy: 'function', retentionAges: false });
  expect(second?.sites).toMatchObject({ maxCallSites: 7, groupBy: 'package', retentionAges: true });
  expect(first?.consumer).not.toBe(second?.consumer);
});

test('repeats the last view when the profiler thread does not answer', async () => {
  const answers = [view, undefined];
  profilerThat(() => answers.shift());
  const producer = heaprayMetricProducer();
  const names = await namesOf(producer);
  expect(names).toContain('heapray.memory.allocated');
  expect(await namesOf(producer)).toEqual(names);
});

test("ends points at the profiler thread's time, on the clock of their start", async () => {
  profilerThat(() => view);
  const { resourceMetrics } = await heaprayMetricProducer().collect();
  const points = resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
    metrics.flatMap((one) => one.dataPoints),
  );
  expect(points.length).toBeGreaterThan(0);
  for (const { startTime, endTime } of points) {
    expect(startTime).toEqual([0, 0]);
    expect(endTime).toEqual([60, 0]);
  }
});

test('discards the last view of another profiler, which may group differently', async () => {
  const producer = heaprayMetricProducer();
  profilerThat(() => view);
  await namesOf(producer);
  for (const cleanup of cleanups.splice(0)) await cleanup();
  const answers = [undefined, view];
  profilerThat(() => answers.shift(), 'package');
  expect(await namesOf(producer)).toEqual([]);
  const { resourceMetrics } = await producer.collect();
  const [allocated] = resourceMetrics.scopeMetrics[0]!.metrics;
  const rest = allocated!.dataPoints.at(-1)!.attributes;
  expect(rest).toMatchObject({ 'heapray.package.name': 'other', 'heapray.component': 'api' });
  expect(Object.keys(rest)).not.toContain('code.function.name');
});

test('gives no metrics before the first answer', async () => {
  profilerThat(() => undefined);
  expect(await namesOf(heaprayMetricProducer())).toEqual([]);
});

test('reports a failure among the errors instead of throwing', async () => {
  const failure = new Error('no');
  profilerThat(() => {
    throw failure;
  });
  const { resourceMetrics, errors } = await heaprayMetricProducer().collect();
  expect(errors).toEqual([failure]);
  expect(resourceMetrics.scopeMetrics).toEqual([]);
});
