import type { Attributes } from '@opentelemetry/api';
import type { GroupBy } from '../../config/index.js';
import { SCHEMA_URL } from '../../protocol/semconv.js';
import { INSTRUMENTATION_NAME, VERSION } from '../../version.js';
import type { MemoryProfiler } from '../profiler/memory-profiler.js';
import { currentProfiler } from '../profiler/shared-profiler.js';
import { nextProducerNumber } from './metric-producers.js';
import { CUMULATIVE, type ProducedMetric, ProducedMetrics, type Temporalities } from './produced-metrics.js';

/** Result of a producer's collection; the SDK's `CollectionResult`, by structure. */
export interface HeaprayCollectionResult {
  readonly resourceMetrics: {
    readonly resource: EmptyResource;
    readonly scopeMetrics: {
      readonly scope: { readonly name: string; readonly version: string; readonly schemaUrl: string };
      readonly metrics: ProducedMetric[];
    }[];
  };
  readonly errors: unknown[];
}

interface EmptyResource {
  readonly attributes: Attributes;
  merge(other: EmptyResource | null): EmptyResource;
  getRawAttributes(): [string, undefined][];
}

/** Empty, because the reader takes the resource of its MeterProvider. */
const EMPTY_RESOURCE: EmptyResource = {
  attributes: {},
  merge: (other) => other ?? EMPTY_RESOURCE,
  getRawAttributes: () => [],
};

const ALL_CUMULATIVE: Temporalities = { counter: CUMULATIVE, updowncounter: CUMULATIVE };

export interface PointsProducerOptions {
  /** Default: that of the instrumentation, as for `groupBy` and `retentionAges`. */
  readonly maxCallSites?: number | undefined;
  readonly groupBy?: GroupBy | undefined;
  readonly retentionAges?: boolean | undefined;
  /** Temporality of the reader's sums. Default: cumulative. */
  readonly temporalities?: Temporalities | undefined;
  /** True to report `other` even if it has nothing in use, as instruments do. Default: false. */
  readonly alwaysOther?: boolean | undefined;
  /** Called when a reader collects for the first time. */
  readonly onAttached?: (() => void) | undefined;
}

/**
 * Passes the profiler thread's points on to one reader: the metrics of the largest call sites. Never rejects.
 */
export class PointsProducer {
  /** Checked by `SdkReaders`: a reader with this producer needs no other. */
  readonly isHeaprayProducer = true;
  readonly #number = nextProducerNumber();
  readonly #options: PointsProducerOptions;
  #metrics: ProducedMetrics | undefined;
  #profiler: MemoryProfiler | undefined;
  #isAttached = false;

  constructor(options: PointsProducerOptions = {}) {
    this.#options = options;
  }

  async collect(): Promise<HeaprayCollectionResult> {
    try {
      if (!this.#isAttached) this.#options.onAttached?.();
      this.#isAttached = true;
      return result(await this.#collect(), []);
    } catch (error) {
      return result([], [error]);
    }
  }

  async #collect(): Promise<ProducedMetric[]> {
    const profiler = currentProfiler();
    if (!profiler) return [];
    const { temporalities = ALL_CUMULATIVE, alwaysOther = false } = this.#options;
    // Start over with another profiler: its counters have another start.
    if (profiler !== this.#profiler) this.#metrics = new ProducedMetrics(temporalities);
    this.#profiler = profiler;
    const { options: configured } = profiler.config;
    const sites = {
      maxCallSites: this.#options.maxCallSites ?? configured.maxCallSites,
      groupBy: this.#options.groupBy ?? configured.groupBy,
      retentionAges: this.#options.retentionAges ?? configured.retentionAges,
      alwaysOther,
      // A vanished series has no new counts for a reader of deltas.
      withDropped: temporalities.counter === CUMULATIVE,
    };
    const answer = await profiler.points({ consumer: this.#number, sites, withOwn: false });
    return answer && this.#metrics ? this.#metrics.of(answer) : [];
  }
}

function result(metrics: ProducedMetric[], errors: unknown[]): HeaprayCollectionResult {
  const scope = { name: INSTRUMENTATION_NAME, version: VERSION, schemaUrl: SCHEMA_URL };
  const scopeMetrics = metrics.length > 0 ? [{ scope, metrics }] : [];
  return { resourceMetrics: { resource: EMPTY_RESOURCE, scopeMetrics }, errors };
}
