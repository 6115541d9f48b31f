import { AggregationTemporality, MeterProvider } from '@opentelemetry/sdk-metrics';
import { vi } from 'vitest';
import {
  HeapMetrics,
  type HeapMetricsOptions,
  type HeapView,
} from '../../src/main-thread/metrics/heap-metrics.js';
import { TestReader } from './test-reader.js';

/** Makes metrics of a fake profiler on a real SDK. */
export function newMetrics(
  first?: HeapView,
  temporality = AggregationTemporality.CUMULATIVE,
  options: Partial<HeapMetricsOptions> = {},
) {
  const reader = new TestReader({ aggregationTemporalitySelector: () => temporality });
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter('@heapray/instrumentation', '1.2.3');
  let view: HeapView | undefined = first;
  let deaths = 0;
  let producer = false;
  const attach = () => {
    const fetchView = vi.fn(async () => view);
    const metrics = new HeapMetrics(meter, {
      component: 'api',
      groupBy: 'function',
      maxCallSites: 2,
      retentionAges: true,
      conventions: false,
      fetchView,
      threadDeaths: () => deaths,
      notProfiling: () => undefined,
      serveReaders: () => false,
      hasProducer: () => producer,
      ...options,
    });
    return { metrics, fetchView };
  };
  return {
    reader,
    attach,
    ...attach(),
    show: (next: HeapView | undefined) => {
      view = next;
    },
    die: () => deaths++,
    addProducer: () => {
      producer = true;
    },
    collect: () => reader.metrics(),
  };
}
