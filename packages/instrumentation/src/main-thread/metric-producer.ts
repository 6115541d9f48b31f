import { checkedOption, type GroupBy } from '../config/index.js';
import { addMetricProducer } from './metrics/metric-producers.js';
import { type HeaprayCollectionResult, PointsProducer } from './metrics/points-producer.js';

export type { HeaprayCollectionResult };

/** Options for {@link heaprayMetricProducer}; absent ones are taken from the instrumentation. */
export interface HeaprayMetricProducerOptions {
  /** Number of call sites with a series, from 1 to 1000. */
  readonly maxCallSites?: number | undefined;
  /** Unit that call sites are summed by. */
  readonly groupBy?: GroupBy | undefined;
  /** True to split the bytes in use of each call site by age. */
  readonly retentionAges?: boolean | undefined;
}

/** The SDK's `MetricProducer` of 2.x and 3.x, by structure. */
export interface HeaprayMetricProducer {
  /**
   * Returns the metrics. Never rejects. Waits at most 1 s for the profiler thread; without an answer, repeats
   * the last one.
   */
  collect(): Promise<HeaprayCollectionResult>;
}

/**
 * Creates a metric producer that gives a reader exactly the largest call sites at each collection. Drops a
 * site that has left them, whereas instruments must keep every series for the life of the process.
 * Once a reader has collected from a producer, instruments leave the call-site metrics to producers, so give
 * one to each reader that needs them. Do not share a producer: it reports a vanished series as zero only once.
 *
 *     new PrometheusExporter({ metricProducers: [heaprayMetricProducer({ groupBy: 'package' })] })
 *
 * @throws ConfigError when an option has a wrong value
 */
export function heaprayMetricProducer(options: HeaprayMetricProducerOptions = {}): HeaprayMetricProducer {
  const maxCallSites = checkedOption('maxCallSites', options.maxCallSites);
  const groupBy = checkedOption('groupBy', options.groupBy);
  const retentionAges = checkedOption('retentionAges', options.retentionAges);
  return new PointsProducer({ maxCallSites, groupBy, retentionAges, onAttached: addMetricProducer });
}
