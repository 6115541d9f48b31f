import type { Attributes } from '@opentelemetry/api';
import type { GroupBy } from '../../config/index.js';
import { SCHEMA_URL } from '../../protocol/semconv.js';
import { INSTRUMENTATION_NAME, VERSION } from '../../version.js';
import type { MemoryProfiler } from '../profiler/memory-profiler.js';
import { currentProfiler } from '../profiler/shared-profiler.js';
import { nextProducerNumber } from './metric-producers.js';
import type { ProducedMetric, Temporalities } from './produced-metrics.js';
import { TopSiteMetrics, type TopSitesView } from './top-site-metrics.js';

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

export interface TopSitesProducerOptions {
  /** Default: that of the instrumentation, as for `groupBy`. */
  readonly maxCallSites?: number | undefined;
  readonly groupBy?: GroupBy | undefined;
  readonly retentionAges?: boolean | undefined;
  /** Default: cumulative. */
  readonly temporalities?: Temporalities | undefined;
  /** Default: false. */
  readonly alwaysOther?: boolean | undefined;
  /** Called when a reader collects for the first time. */
  readonly onAttached?: (() => void) | undefined;
}

/** Collects the metrics of the largest call sites for one reader. Never rejects. */
export class TopSitesProducer {
  /** Checked by `SdkReaders`: a reader with this producer needs no other. */
  readonly isHeaprayProducer = true;
  readonly #number = nextProducerNumber();
  readonly #options: TopSitesProducerOptions;
  #metrics: TopSiteMetrics | undefined;
  #profiler: MemoryProfiler | undefined;
  #last: TopSitesView | undefined;
  #isAttached = false;

  constructor(options: TopSitesProducerOptions = {}) {
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
    // Discard another profiler's last view: it may be grouped differently, and its counters have another
    // start.
    if (profiler !== this.#profiler) this.#last = undefined;
    this.#profiler = profiler;
    if (!profiler) return [];
    const { options: configured } = profiler.config;
    const maxCallSites = this.#options.maxCallSites ?? configured.maxCallSites;
    const groupBy = this.#options.groupBy ?? configured.groupBy;
    const retentionAges = this.#options.retentionAges ?? configured.retentionAges;
    const view = await profiler.topSites({ producer: this.#number, maxCallSites, groupBy });
    this.#last = view ?? this.#last;
    if (!this.#last) return [];
    const { temporalities, alwaysOther } = this.#options;
    const { component } = configured;
    const options = { maxCallSites, groupBy, retentionAges, component, temporalities, alwaysOther };
    this.#metrics ??= new TopSiteMetrics(options);
    this.#metrics.options = options;
    return this.#metrics.metrics(this.#last);
  }
}

function result(metrics: ProducedMetric[], errors: unknown[]): HeaprayCollectionResult {
  const scope = { name: INSTRUMENTATION_NAME, version: VERSION, schemaUrl: SCHEMA_URL };
  const scopeMetrics = metrics.length > 0 ? [{ scope, metrics }] : [];
  return { resourceMetrics: { resource: EMPTY_RESOURCE, scopeMetrics }, errors };
}
