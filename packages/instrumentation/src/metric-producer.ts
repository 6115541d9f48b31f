import type { Attributes } from '@opentelemetry/api';
import { checkedOption, type GroupBy } from './config/index.js';
import { INSTRUMENTATION_NAME } from './heapray-instrumentation.js';
import type { MemoryProfiler } from './host/memory-profiler.js';
import { addMetricProducer } from './host/metric-producers.js';
import { currentProfiler } from './host/profiler-claim.js';
import type { ProducedMetric } from './signal/produced-metrics.js';
import { TopSiteMetrics, type TopSitesView } from './signal/top-site-metrics.js';
import { VERSION } from './version.js';

/** Options for {@link heaprayMetricProducer}; what is absent is as the instrumentation has it. */
export interface HeaprayMetricProducerOptions {
  /** How many call sites have a series, from 1 to 1000. */
  readonly maxCallSites?: number | undefined;
  /** What call sites are summed by. */
  readonly groupBy?: GroupBy | undefined;
}

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

/** The SDK's `MetricProducer` of 2.x and 3.x by structure. */
export interface HeaprayMetricProducer {
  /** Never rejects; waits for the profiler thread a second at most, and repeats its last answer if there is none. */
  collect(): Promise<HeaprayCollectionResult>;
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

/**
 * Gives a metric reader exactly the largest call sites at each collection. A site that is no longer one of them is
 * dropped, where instruments must keep every series for ever. From the moment that a process has a producer, its
 * instruments leave the call-site metrics to it: give one to each reader that is to have them. One for each: what is
 * gone is told to be zero once.
 *
 *     new PrometheusExporter({ metricProducers: [heaprayMetricProducer({ groupBy: 'package' })] })
 *
 * @throws ConfigError when an option has a wrong value
 */
export function heaprayMetricProducer(options: HeaprayMetricProducerOptions = {}): HeaprayMetricProducer {
  const maxCallSites = checkedOption('maxCallSites', options.maxCallSites);
  const groupBy = checkedOption('groupBy', options.groupBy);
  return new TopSitesProducer({ maxCallSites, groupBy });
}

class TopSitesProducer implements HeaprayMetricProducer {
  readonly #number = addMetricProducer();
  readonly #options: HeaprayMetricProducerOptions;
  #metrics: TopSiteMetrics | undefined;
  #profiler: MemoryProfiler | undefined;
  #last: TopSitesView | undefined;

  constructor(options: HeaprayMetricProducerOptions) {
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
    const options = { maxCallSites, groupBy, component: configured.component };
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
