import { afterEach, expect, test, vi } from 'vitest';
import { ConfigError, type GroupBy } from '../src/config/index.js';
import type { MemoryProfiler } from '../src/host/memory-profiler.js';
import { hasMetricProducer } from '../src/host/metric-producers.js';
import { claimProfiler } from '../src/host/profiler-claim.js';
import { heaprayMetricProducer } from '../src/metric-producer.js';
import type { TopSitesView } from '../src/signal/top-site-metrics.js';
import { row, values } from './support/heap-views.js';

const cleanups: (() => Promise<void>)[] = [];
/** A producer is one for as long as the process lives; here for a test. */
const PRODUCERS = Symbol.for('heapray.producers.2');
afterEach(async () => {
  Reflect.deleteProperty(globalThis, PRODUCERS);
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A profiler of this process that answers so. */
function profilerThat(topSites: () => Promise<TopSitesView | undefined>, groupBy: GroupBy = 'function') {
  const options = { component: 'api', maxCallSites: 50, groupBy };
  const asked = vi.fn(topSites);
  const profiler = { config: { options }, topSites: asked, start() {}, async stop() {} };
  const claim = claimProfiler(() => profiler as unknown as MemoryProfiler, {
    hasProvider: () => true,
    carryMetrics() {},
  });
  cleanups.push(() => claim.release());
  return asked;
}

const view: TopSitesView = {
  sites: {
    rows: [{ ...row('parse', values(1000, [5, 0, 0, 0, 0])), sinceMillis: undefined }],
    other: values(3),
    dropped: { allocated: 0, allocations: 0 },
  },
  suspects: [],
  startedMillis: 0,
  nowMillis: 60_000,
};

async function namesOf(producer: ReturnType<typeof heaprayMetricProducer>) {
  const { resourceMetrics, errors } = await producer.collect();
  expect(errors).toEqual([]);
  return resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
    metrics.map(({ descriptor }) => descriptor.name),
  );
}

test('a wrong option is refused at once, and does not count as a producer', () => {
  expect(() => heaprayMetricProducer({ maxCallSites: 0 })).toThrow(ConfigError);
  expect(() => heaprayMetricProducer({ groupBy: 'thread' as never })).toThrow(/^groupBy: 'thread'/);
  expect(hasMetricProducer()).toBe(false);
});

test('the instruments know of a producer as soon as it is made', () => {
  expect(hasMetricProducer()).toBe(false);
  heaprayMetricProducer();
  expect(hasMetricProducer()).toBe(true);
});

test('without a profiler there are no metrics, and no scope of them', async () => {
  const { resourceMetrics, errors } = await heaprayMetricProducer().collect();
  expect(resourceMetrics.scopeMetrics).toEqual([]);
  expect(errors).toEqual([]);
});

test("what it does not say itself is the instrumentation's; producers are told apart", async () => {
  const asked = profilerThat(async () => view);
  await heaprayMetricProducer().collect();
  await heaprayMetricProducer({ maxCallSites: 7, groupBy: 'package' }).collect();
  const [[first], [second]] = asked.mock.calls as unknown as [[{ producer: number }], [{ producer: number }]];
  expect(first).toMatchObject({ maxCallSites: 50, groupBy: 'function' });
  expect(second).toMatchObject({ maxCallSites: 7, groupBy: 'package' });
  expect(first.producer).not.toBe(second.producer);
});

test('a profiler thread that does not answer leaves its last word standing', async () => {
  const answers = [view, undefined];
  profilerThat(async () => answers.shift());
  const producer = heaprayMetricProducer();
  const names = await namesOf(producer);
  expect(names).toContain('heapray.memory.allocated');
  expect(await namesOf(producer)).toEqual(names);
});

test('points end when the profiler thread says, by the clock that they began by', async () => {
  profilerThat(async () => view);
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

test('another profiler is another grouping, and the last word of the one before says nothing', async () => {
  const producer = heaprayMetricProducer();
  profilerThat(async () => view);
  await namesOf(producer);
  for (const cleanup of cleanups.splice(0)) await cleanup();
  const answers = [undefined, view];
  profilerThat(async () => answers.shift(), 'package');
  expect(await namesOf(producer)).toEqual([]);
  const { resourceMetrics } = await producer.collect();
  const [allocated] = resourceMetrics.scopeMetrics[0]!.metrics;
  const rest = allocated!.dataPoints.at(-1)!.attributes;
  expect(rest).toMatchObject({ 'heapray.package': 'other', 'heapray.component': 'api' });
  expect(Object.keys(rest)).not.toContain('code.function.name');
});

test('one that never has answered gives no metrics', async () => {
  profilerThat(async () => undefined);
  expect(await namesOf(heaprayMetricProducer())).toEqual([]);
});

test('a failure is among the errors and not thrown', async () => {
  const failure = new Error('no');
  profilerThat(() => Promise.reject(failure));
  const { resourceMetrics, errors } = await heaprayMetricProducer().collect();
  expect(errors).toEqual([failure]);
  expect(resourceMetrics.scopeMetrics).toEqual([]);
});
