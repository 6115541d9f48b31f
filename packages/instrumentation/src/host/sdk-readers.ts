import type { MeterProvider } from '@opentelemetry/api';
import { contain } from '../containment/contain.js';
import { ArrayIsArray, ObjectValues, SafeMap } from '../containment/primordials.js';
import { type MetricKind, SITE_METRICS } from '../signal/metric-table.js';
import { DELTA, type Temporalities } from '../signal/produced-metrics.js';
import { INSTRUMENTATION_NAME, VERSION } from '../version.js';

/** The SDK's `MetricProducer` by structure. */
interface Producer {
  collect(): Promise<unknown>;
  /** Marks heapray's producers, also those of other copies of this package. */
  readonly isHeaprayProducer?: true;
}

/** The parts of the SDK's `MetricReader` that are used here; some are private. */
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
/** Collections that may be under way at once without their producers being asked yet. */
const MAX_UNANSWERED = 4;

/**
 * The readers of a MeterProvider of OpenTelemetry's SDK 2.x or 3.x, to give each a metric producer for call sites.
 *
 * Instruments cannot do what call sites need: a reader keeps every series that an instrument ever had, and there is no
 * way to take one back (`TemporalMetricProcessor` merges each collection into the one before, for as long as the
 * provider lives). Series of a producer vanish when they are no longer given. Producers are an option of a reader's
 * constructor, which the application has called long before, so this adds them to the private list that the option
 * ends up in. Where anything is not as expected, there is no `SdkReaders` and call sites come from instruments.
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
   * Returns the readers of a provider; undefined for another SDK, and where a view or a reader of the application wants
   * call-site metrics in another way than by default, which only instruments can do.
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
   * Gives each reader that has no producer of heapray one. Call in the callback of the instruments, which a reader calls
   * before it asks its producers.
   *
   * @returns whether readers ask their producers: one with a `collect` of its own may not
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

  /** Takes the producers away. */
  dispose(): void {
    for (const [reader, added] of this.#added) {
      try {
        reader._metricProducers = reader._metricProducers.filter((producer) => producer !== added);
      } catch {
        // The application has frozen its reader since.
      }
    }
    this.#added.clear();
  }

  #add(reader: Reader): void {
    const producer = new CountedProducer(this.#make(temporalitiesOf(reader)));
    // A new list, because the application's own may belong to several readers.
    reader._metricProducers = [...reader._metricProducers, producer];
    this.#added.set(reader, producer);
  }
}

/**
 * Returns whether a provider is the SDK's and has no reader, so that its metrics go nowhere: set-ups for traces only may
 * register one. The SDK takes readers in the constructor only.
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

/** The private part of the SDK's MeterProvider that is used here. */
interface SdkProvider {
  readonly _sharedState?: {
    readonly metricCollectors?: readonly { readonly _metricReader: Reader }[];
    readonly viewRegistry: { findViews(instrument: object, scope: object): readonly unknown[] };
  };
}

/** Undefined when there are none, or a view takes call-site metrics. */
function readersOf(provider: MeterProvider): readonly Reader[] | undefined {
  const { _sharedState: state } = provider as SdkProvider;
  const collectors = state?.metricCollectors;
  if (!state || !ArrayIsArray(collectors) || collectors.length === 0) return undefined;
  const scope = { name: INSTRUMENTATION_NAME, version: VERSION };
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
