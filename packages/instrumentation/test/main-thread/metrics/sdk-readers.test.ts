// Producers in the readers of a real SDK, without help of the application.
import {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  type MetricReader,
} from '@opentelemetry/sdk-metrics';
import { describe, expect, test } from 'vitest';
import { createInstruments } from '../../../src/main-thread/metrics/instruments.js';
import type { Temporalities } from '../../../src/main-thread/metrics/produced-metrics.js';
import { SdkReaders } from '../../../src/main-thread/metrics/sdk-readers.js';
import { INSTRUMENTATION_NAME, VERSION } from '../../../src/version.js';
import { seriesOf, TestReader } from '../../support/test-reader.js';

/** Makes a producer of one series. */
function producerOf(value: number) {
  const metric = {
    descriptor: { name: 'heapray.memory.retained', unit: 'By', description: '', valueType: 1 },
    dataPointType: 3,
    isMonotonic: false,
    aggregationTemporality: 1,
    dataPoints: [{ startTime: [0, 0], endTime: [1, 0], attributes: { site: 'a' }, value }],
  };
  const scope = { name: 'x', version: '1' };
  return {
    collect: async () => ({ resourceMetrics: { scopeMetrics: [{ scope, metrics: [metric] }] }, errors: [] }),
  };
}

/** Serves the readers in the callback of an instrument, as collections of the SDK do; returns the results. */
function serveEach(readers: SdkReaders, provider: MeterProvider): () => readonly boolean[] {
  const answers: boolean[] = [];
  const meter = provider.getMeter(INSTRUMENTATION_NAME, VERSION);
  const { site } = createInstruments(meter, { conventions: false });
  meter.addBatchObservableCallback(() => void answers.push(readers.serve()), Object.values(site));
  return () => answers;
}

const retained = async (reader: TestReader) =>
  seriesOf((await reader.metrics()).get('heapray.memory.retained'), 'site');

test('gives each reader a producer of its own, from its first collection until they are removed', async () => {
  const [one, two] = [new TestReader(), new TestReader()];
  const provider = new MeterProvider({ readers: [one, two] });
  let made = 0;
  const readers = SdkReaders.of(provider, () => producerOf(++made))!;
  const answers = serveEach(readers, provider);
  expect(await retained(one)).toEqual({ a: 1 });
  expect(await retained(two)).toEqual({ a: 2 });
  expect(await retained(one)).toEqual({ a: 1 });
  expect(answers()).toEqual([true, true, true]);
  readers.dispose();
  expect(await retained(one)).toEqual({ a: 3 });
  readers.dispose();
  expect(made).toBe(4);
});

test("keeps the application's producers and does not change its list", async () => {
  const own = producerOf(7);
  const list = [own] as never[];
  const reader = new TestReader({ metricProducers: list });
  const provider = new MeterProvider({ readers: [reader] });
  const readers = SdkReaders.of(provider, () => producerOf(1))!;
  readers.serve();
  const { resourceMetrics } = await reader.collect();
  const values = resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
    metrics.map((one) => one.dataPoints[0]?.value),
  );
  expect(values).toEqual([7, 1]);
  expect(list).toEqual([own]);
  readers.dispose();
  expect((await reader.collect()).resourceMetrics.scopeMetrics).toHaveLength(1);
});

test('adds no producer to a reader that already has one of heapray', async () => {
  const own = { ...producerOf(7), isHeaprayProducer: true };
  const reader = new TestReader({ metricProducers: [own as never] });
  const provider = new MeterProvider({ readers: [reader] });
  const readers = SdkReaders.of(provider, () => producerOf(1))!;
  for (let at = 0; at < 20; at++) expect(readers.serve()).toBe(true);
  expect(await retained(reader)).toEqual({ a: 7 });
});

test('detects a reader that does not call its producers', () => {
  const provider = new MeterProvider({ readers: [new TestReader()] });
  const readers = SdkReaders.of(provider, () => producerOf(1))!;
  const answers = Array.from({ length: 8 }, () => readers.serve());
  expect(answers.indexOf(false)).toBe(4);
});

test('does not mistake concurrent collections for that', async () => {
  const reader = new TestReader();
  const provider = new MeterProvider({ readers: [reader] });
  const answers = serveEach(SdkReaders.of(provider, () => producerOf(1))!, provider);
  await Promise.all(Array.from({ length: 30 }, () => reader.collect()));
  expect(answers()).toEqual(Array.from({ length: 30 }, () => true));
});

test("passes each reader's temporalities to its producer", () => {
  const temporalities: Temporalities[] = [];
  const delta = new TestReader({
    aggregationTemporalitySelector: (type) =>
      type === 'OBSERVABLE_COUNTER' ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
  });
  const provider = new MeterProvider({ readers: [new TestReader(), delta] });
  SdkReaders.of(provider, (wanted) => {
    temporalities.push(wanted);
    return producerOf(1);
  })!.serve();
  expect(temporalities).toEqual([
    { counter: 1, updowncounter: 1 },
    { counter: 0, updowncounter: 1 },
  ]);
});

describe('instruments are used', () => {
  const of = (provider: unknown) => SdkReaders.of(provider as MeterProvider, () => producerOf(1));
  const withReader = (change: (reader: MetricReader) => void) => {
    const reader = new TestReader();
    change(reader);
    return new MeterProvider({ readers: [reader] });
  };

  test.each<[string, unknown]>([
    ['for a provider without readers', new MeterProvider()],
    ['for another SDK', { getMeter() {} }],
    ['for a provider whose state is not as expected', { _sharedState: { metricCollectors: [{}] } }],
    ['where a getter throws', Object.defineProperty({}, '_sharedState', { get: () => JSON.parse('{') })],
    [
      'where a view takes a call-site metric',
      new MeterProvider({ readers: [new TestReader()], views: [{ instrumentName: 'heapray.memory.*' }] }),
    ],
    [
      'where a reader drops such metrics',
      new MeterProvider({
        readers: [new TestReader({ aggregationSelector: () => ({ type: AggregationType.DROP }) })],
      }),
    ],
    [
      'where a reader has no producers',
      withReader((reader) => Reflect.deleteProperty(reader, '_metricProducers')),
    ],
  ])('%s', (_, provider) => {
    expect(of(provider)).toBeUndefined();
  });

  test('if a reader cannot be changed', () => {
    const readers = of(
      withReader((reader) => {
        Object.defineProperty(reader, '_metricProducers', { value: [], writable: false });
      }),
    );
    expect(readers?.serve()).toBe(false);
  });

  test('but not if a view selects other metrics', () => {
    const views = [{ instrumentName: 'http.*' }, { meterName: 'other' }];
    expect(of(new MeterProvider({ readers: [new TestReader()], views }))).toBeDefined();
  });
});
