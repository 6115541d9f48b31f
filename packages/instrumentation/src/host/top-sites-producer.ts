import type { Attributes } from '@opentelemetry/api';
import type { GroupBy } from '../config/index.js';
import type { ProducedMetric, Temporalities } from '../signal/produced-metrics.js';
import { TopSiteMetrics, type TopSitesView } from '../signal/top-site-metrics.js';
import { INSTRUMENTATION_NAME, VERSION } from '../version.js';
import type { MemoryProfiler } from './memory-profiler.js';
import { nextProducerNumber } from './metric-producers.js';
import { currentProfiler } from './profiler-claim.js';

/** What a producer gives a reader; the SDK's `CollectionResult` by structure. */
export interface HeaprayCollectionResult {
  readonly resourceMetrics: {
    readonly resource: EmptyResource;
    readonly scopeMetrics: {
      readonly scope: { readonly name: string; readonly version: string };
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

/** The reader takes the resource of its MeterProvider. */
const EMPTY_RESOURCE: EmptyResource = {
  attributes: {},
  merge: (other) => other ?? EMPTY_RESOURCE,
  getRawAttributes: () => [],
};

export interface TopSitesProducerOptions {
  /** Default: as the instrumentation has it, like `groupBy`. */
  readonly maxCallSites?: number | undefined;
  readonly groupBy?: GroupBy | undefined;
  /** Default: cumulative. */
  readonly temporalities?: Temporalities | undefined;
  /** Default: false. */
  readonly alwaysOther?: boolean | undefined;
}

/** Gives one reader the metrics of the largest call sites of the present profiler. Never rejects. */
export class TopSitesProducer {
  /** For `SdkReaders`: a reader that has this producer needs no other. */
  readonly isHeaprayProducer = true;
  readonly #number = nextProducerNumber();
  readonly #options: TopSitesProducerOptions;
  #metrics: TopSiteMetrics | undefined;
  #profiler: MemoryProfiler | undefined;
  #last: TopSitesView | undefined;

  constructor(options: TopSitesProducerOptions = {}) {
    this.#options = options;
  }

  async collect(): Promise<HeaprayCollectionResult> {
    try {
      return result(await this.#collect(), []);
    } catch (error) {
      return result([], [error]);
    }
  }

  async #collect(): Promise<ProducedMetric[]> {
    const profiler = currentProfiler();
    // What another profiler has said is grouped as that one was told to, and counts from another start.
    if (profiler !== this.#profiler) this.#last = undefined;
    this.#profiler = profiler;
    if (!profiler) return [];
    const { options: configured } = profiler.config;
    const maxCallSites = this.#options.maxCallSites ?? configured.maxCallSites;
    const groupBy = this.#options.groupBy ?? configured.groupBy;
    const view = await profiler.topSites({ producer: this.#number, maxCallSites, groupBy });
    this.#last = view ?? this.#last;
    if (!this.#last) return [];
    const { temporalities, alwaysOther } = this.#options;
    const { component } = configured;
    const options = { maxCallSites, groupBy, component, temporalities, alwaysOther };
    this.#metrics ??= new TopSiteMetrics(options);
    this.#metrics.options = options;
    return this.#metrics.metrics(this.#last);
  }
}

function result(metrics: ProducedMetric[], errors: unknown[]): HeaprayCollectionResult {
  const scope = { name: INSTRUMENTATION_NAME, version: VERSION };
  const scopeMetrics = metrics.length > 0 ? [{ scope, metrics }] : [];
  return { resourceMetrics: { resource: EMPTY_RESOURCE, scopeMetrics }, errors };
}
