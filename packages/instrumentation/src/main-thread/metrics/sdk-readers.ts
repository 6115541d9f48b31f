import type { MeterProvider } from '@opentelemetry/api';
import { type MetricKind, SITE_METRICS } from '../../protocol/metric-table.js';
import { ArrayIsArray, ObjectValues, SafeMap } from '../../protocol/primordials.js';
import { SCHEMA_URL } from '../../protocol/semconv.js';
import { INSTRUMENTATION_NAME, VERSION } from '../../version.js';
import { contain } from '../containment/contain.js';
import { DELTA, type Temporalities } from './produced-metrics.js';

/** The SDK's `MetricProducer`, by structure. */
interface Producer {
  collect(): Promise<unknown>;
  /** Marks heapray's producers, also those of other copies of this package. */
  readonly isHeaprayProducer?: true;
}

/** The parts of the SDK's `MetricReader` used here; some are private. */
interface Reader {
  _metricProducers: readonly Producer[];
  selectAggregationTemporality(instrumentType: string): number;
  selectAggregation(instrumentType: string): { readonly type?: number };
}

/** `InstrumentType` of SDK 2.x and 3.x. */
const INSTRUMENT_TYPES: Readonly<Record<MetricKind, string>> = {
  counter: 'OBSERVABLE_COUNTER',
  updowncounter: 'OBSERVABLE_UP_DOWN_COUNTER',
  gauge: 'OBSERVABLE_GAUGE',
  histogram: 'HISTOGRAM',
};
const DEFAULT_AGGREGATION = 0;
/** Maximum number of collections in which the producers have not been called yet. */
const MAX_UNANSWERED = 4;

/**
 * Gives each reader of a MeterProvider (OpenTelemetry SDK 2.x or 3.x) a metric producer for call sites.
 *
 * Instruments are not suited for call sites: a reader keeps every series that an instrument ever had
 * (`TemporalMetricProcessor` merges each collection into the one before, for as long as the provider lives).
 * A producer's series vanish when it stops returning them. Producers are an option of a reader's constructor,
 * which the application has called long before. So this adds them to the private list that holds that option.
 * If the private parts are not as expected, no `SdkReaders` is created, and call sites come from instruments.
 */
export class SdkReaders {
  readonly #readers: readonly Reader[];
  readonly #make: (temporalities: Temporalities) => Producer;
  readonly #added = new SafeMap<Reader, CountedProducer>();
  #collections = 0;

  private constructor(readers: readonly Reader[], make: (temporalities: Temporalities) => Producer) {
    this.#readers = readers;
    this.#make = make;
  }

  /**
   * Returns the readers of a provider. Undefined for another SDK, and if a view or a reader of the
   * application treats call-site metrics differently from the default, which only instruments support.
   *
   * @param make makes the producer of one reader
   */
  static of(
    provider: MeterProvider,
    make: (temporalities: Temporalities) => Producer,
  ): SdkReaders | undefined {
    try {
      const readers = readersOf(provider);
      return readers?.every(isUsable) ? new SdkReaders(readers, make) : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * Adds a producer to each reader that has none of heapray's. Call in the callback of the instruments, which
   * a reader collects before its producers.
   *
   * @returns false if a reader seems not to call its producers, as one with a `collect` of its own may
   */
  serve(): boolean {
    try {
      for (const reader of this.#readers)
        if (!reader._metricProducers.some((producer) => producer.isHeaprayProducer)) this.#add(reader);
      if (this.#added.size < this.#readers.length) return true;
      this.#collections++;
      const answers = [...this.#added.values()].reduce((sum, { answers }) => sum + answers, 0);
      return this.#collections - answers <= MAX_UNANSWERED;
    } catch {
      return false;
    }
  }

  /** Removes the producers. */
  dispose(): void {
    for (const [reader, added] of this.#added) {
      try {
        reader._metricProducers = reader._metricProducers.filter((producer) => producer !== added);
      } catch {
        // Ignore readers that the application has frozen since.
      }
    }
    this.#added.clear();
  }

  #add(reader: Reader): void {
    const producer = new CountedProducer(this.#make(temporalitiesOf(reader)));
    // Replace the list: the application's own may be shared by several readers.
    reader._metricProducers = [...reader._metricProducers, producer];
    this.#added.set(reader, producer);
  }
}

/**
 * Returns true if a provider is the SDK's and has no reader, so that its metrics go nowhere, as in set-ups
 * for traces only. The SDK takes readers only in the constructor.
 */
export function hasNoReader(provider: MeterProvider): boolean {
  return (
    contain(
      () => (provider as SdkProvider)._sharedState?.metricCollectors?.length === 0,
      () => {},
    ) ?? false
  );
}

class CountedProducer implements Producer {
  readonly isHeaprayProducer = true;
  readonly #producer: Producer;
  answers = 0;

  constructor(producer: Producer) {
    this.#producer = producer;
  }

  collect(): Promise<unknown> {
    this.answers++;
    return this.#producer.collect();
  }
}

/** The private part of the SDK's MeterProvider used here. */
interface SdkProvider {
  readonly _sharedState?: {
    readonly metricCollectors?: readonly { readonly _metricReader: Reader }[];
    readonly viewRegistry: { findViews(instrument: object, scope: object): readonly unknown[] };
  };
}

/** Returns the readers; undefined if there are none, or if a view selects call-site metrics. */
function readersOf(provider: MeterProvider): readonly Reader[] | undefined {
  const { _sharedState: state } = provider as SdkProvider;
  const collectors = state?.metricCollectors;
  if (!state || !ArrayIsArray(collectors) || collectors.length === 0) return undefined;
  const scope = { name: INSTRUMENTATION_NAME, version: VERSION, schemaUrl: SCHEMA_URL };
  for (const { name, unit, description, kind } of ObjectValues(SITE_METRICS)) {
    const instrument = { name, unit, description, type: INSTRUMENT_TYPES[kind], valueType: 1, advice: {} };
    if (state.viewRegistry.findViews(instrument, scope).length > 0) return undefined;
  }
  return collectors.map(({ _metricReader }) => _metricReader);
}

function isUsable(reader: Reader): boolean {
  const types = ObjectValues(SITE_METRICS).map(({ kind }) => INSTRUMENT_TYPES[kind]);
  return (
    ArrayIsArray(reader._metricProducers) &&
    types.every((type) => reader.selectAggregation(type).type === DEFAULT_AGGREGATION) &&
    types.every((type) => [0, 1].includes(reader.selectAggregationTemporality(type)))
  );
}

function temporalitiesOf(reader: Reader): Temporalities {
  const isDelta = (kind: MetricKind) => reader.selectAggregationTemporality(INSTRUMENT_TYPES[kind]) === DELTA;
  return { counter: isDelta('counter') ? 0 : 1, updowncounter: isDelta('updowncounter') ? 0 : 1 };
}
