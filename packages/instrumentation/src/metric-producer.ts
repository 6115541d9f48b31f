import { checkedOption, type GroupBy } from './config/index.js';
import { addMetricProducer } from './host/metric-producers.js';
import { type HeaprayCollectionResult, TopSitesProducer } from './host/top-sites-producer.js';

export type { HeaprayCollectionResult };

/** Options for {@link heaprayMetricProducer}; what is absent is as the instrumentation has it. */
export interface HeaprayMetricProducerOptions {
  /** How many call sites have a series, from 1 to 1000. */
  readonly maxCallSites?: number | undefined;
  /** What call sites are summed by. */
  readonly groupBy?: GroupBy | undefined;
}

/** The SDK's `MetricProducer` of 2.x and 3.x by structure. */
export interface HeaprayMetricProducer {
  /** Never rejects; waits for the profiler thread a second at most, and repeats its last answer if there is none. */
  collect(): Promise<HeaprayCollectionResult>;
}

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
  addMetricProducer();
  return new TopSitesProducer({ maxCallSites, groupBy });
}
