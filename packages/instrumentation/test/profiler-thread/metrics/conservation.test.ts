// Metrics of call sites add up to the total at every collection, whatever the program does and whoever reads.
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { GroupBy } from '../../../src/config/index.js';
import { HeapMetrics } from '../../../src/main-thread/metrics/heap-metrics.js';
import { type ProducedMetric, ProducedMetrics } from '../../../src/main-thread/metrics/produced-metrics.js';
import type { MetricRequests } from '../../../src/main-thread/profiler/metric-requests.js';
import { newSiteSelection } from '../../../src/profiler-thread/metrics/site-selection.js';
import type { AllocatingProgram } from '../../support/allocating-program.js';
import { requestsFrom, sourceOf } from '../../support/fake-points.js';
import { heapView } from '../../support/heap-views.js';
import { allocated, inUse, sum } from '../../support/ledger-sums.js';
import { manyPlaces } from '../../support/many-places.js';
import { heapOf } from '../../support/memory-sources.js';
import { TestReader } from '../../support/test-reader.js';

const places = [
  'shop/a:one',
  'shop/a:two',
  'shop/b:one',
  'cart/c:one',
  'cart/c:two',
  'other/d:one',
  'x/e:one',
];
const stacks = fc.constantFrom(...places, ...places.map((place) => `task > ${place}`));
const bytes = fc.double({ min: 1, max: 1e9, noNaN: true });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant('allocate' as const), name: stacks, bytes }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('retain' as const), name: stacks, bytes }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('free' as const), name: stacks }) },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('unseen' as const), count: fc.integer({ min: 1, max: 50 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constant('wait' as const), millis: fc.integer({ min: 1, max: 5e6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('restart' as const) }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constantFrom('instruments' as const, 'producer' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
const steps = fc.array(step, { minLength: 5, maxLength: 80 });
const settings = fc.record({
  groupBy: fc.constantFrom<GroupBy>('function', 'file', 'package', 'component'),
  maxCallSites: fc.integer({ min: 1, max: 4 }),
});

function run(program: AllocatingProgram, step: Step): void {
  if (step.act === 'allocate') program.allocate(step.name, step.bytes);
  if (step.act === 'retain') program.retain(step.name, step.bytes);
  if (step.act === 'free') program.retain(step.name, 0);
  if (step.act === 'unseen') program.allocateUnseen(step.count);
  if (step.act === 'wait') program.wait(step.millis);
  if (step.act === 'restart') program.restartSampler();
}

/** A metric by name: the values of its series, by attributes. */
type Page = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Makes the instruments on a real SDK. */
function instruments(program: AllocatingProgram, { groupBy, maxCallSites }: Settings) {
  const requests = requestsOf(program);
  const reader = new TestReader();
  const provider = new MeterProvider({ readers: [reader] });
  new HeapMetrics(provider.getMeter('heapray'), {
    sites: { groupBy, maxCallSites, retentionAges: true, alwaysOther: true, withDropped: false },
    conventions: false,
    fetchPoints: (wanted) => requests.points(wanted),
    threadDeaths: () => 0,
    notProfiling: () => undefined,
    serveReaders: () => false,
    hasProducer: () => false,
  });
  return async () => pageOf([...(await reader.metrics()).values()] as unknown as ProducedMetric[]);
}

function producer(program: AllocatingProgram, { groupBy, maxCallSites }: Settings) {
  const requests = requestsOf(program);
  const metrics = new ProducedMetrics({ counter: 1, updowncounter: 1 });
  const sites = { groupBy, maxCallSites, retentionAges: true, alwaysOther: false, withDropped: true };
  return async () => pageOf(metrics.of((await requests.points({ consumer: 1, sites, withOwn: false }))!));
}

/** Makes requests to a profiler thread with the program's ledger. */
function requestsOf(program: AllocatingProgram): MetricRequests {
  const source = sourceOf(heapView, {}, [], {
    sources: { all: [heapOf(program.ledger)] },
    nowMillis: () => program.now,
    newSelection: newSiteSelection,
  });
  return requestsFrom(async (requests) => source.answers(requests));
}

interface Settings {
  readonly groupBy: GroupBy;
  readonly maxCallSites: number;
}

function pageOf(metrics: readonly ProducedMetric[]): Page {
  return new Map(
    metrics.map(({ descriptor, dataPoints }) => [
      descriptor.name,
      new Map(dataPoints.map(({ attributes, value }) => [JSON.stringify(attributes), value])),
    ]),
  );
}

/**
 * Allows half a byte per series, as values are whole bytes. The sum of dropped series does not fall when one of them
 * continues, so the sum over all may be too large, but not without it.
 */
function expectSum(page: Page, name: string, total: number): void {
  const series = [...(page.get(name) ?? new Map<string, number>())];
  for (const [, value] of series) expect(value).toBeGreaterThanOrEqual(0);
  const dropped = series.reduce((all, [key, value]) => (key.includes('(dropped)') ? all + value : all), 0);
  const off = series.reduce((all, [, value]) => all + value, 0) - total;
  const error = 0.5 * series.length + 1e-9 * total;
  expect(off, name).toBeGreaterThanOrEqual(-error);
  expect(off - dropped, name).toBeLessThanOrEqual(error);
}

/** Compares with the last value of each series, however long ago, and records the new ones. */
function expectNoStepBack(page: Page, last: Map<string, number>): void {
  for (const name of ['heapray.memory.allocated', 'heapray.memory.allocations']) {
    for (const [series, value] of page.get(name) ?? []) {
      const key = `${name} ${series}`;
      expect(value, key).toBeGreaterThanOrEqual(last.get(key) ?? 0);
      last.set(key, value);
    }
  }
}

test('sites, other, unobserved and dropped add up to the total, and no counter ever decreases', async () => {
  await fc.assert(
    fc.asyncProperty(steps, settings, settings, async (all, forInstruments, forProducer) => {
      const program = manyPlaces();
      const readers = {
        instruments: instruments(program, forInstruments),
        producer: producer(program, forProducer),
      };
      const last = { instruments: new Map<string, number>(), producer: new Map<string, number>() };
      for (const one of [...all, { act: 'instruments' }, { act: 'producer' }] as const) {
        if (one.act !== 'instruments' && one.act !== 'producer') {
          run(program, one);
          continue;
        }
        // As the profiler thread does before it answers.
        program.ledger.attribute(program.now, true);
        const page = await readers[one.act]();
        expectSum(page, 'heapray.memory.allocated', sum(allocated(program.ledger)));
        expectSum(page, 'heapray.memory.retained', sum(inUse(program.ledger)));
        expectNoStepBack(page, last[one.act]);
      }
    }),
    { seed: 11, numRuns: 300 },
  );
});

test('there are no more series than places and replaced sites', async () => {
  await fc.assert(
    fc.asyncProperty(steps, settings, async (all, of) => {
      const program = manyPlaces();
      const read = { instruments: instruments(program, of), producer: producer(program, of) };
      for (const one of all) {
        if (one.act !== 'instruments' && one.act !== 'producer') run(program, one);
        else {
          const series = (await read[one.act]()).get('heapray.memory.allocated')?.size;
          // Plus `other`, and the replaced sites; or the dropped as one.
          expect(series).toBeLessThanOrEqual(
            one.act === 'producer' ? of.maxCallSites + 2 : 2 * of.maxCallSites + 1,
          );
        }
      }
    }),
    { seed: 12, numRuns: 100 },
  );
});
