import { AggregationTemporality, MeterProvider } from '@opentelemetry/sdk-metrics';
import { vi } from 'vitest';
import { HeapMetrics, type HeapMetricsOptions } from '../../src/main-thread/metrics/heap-metrics.js';
import type { PointsWanted } from '../../src/main-thread/profiler/metric-requests.js';
import type { SitesWanted } from '../../src/protocol/metric-points.js';
import { requestsTo } from './fake-points.js';
import type { HeapView } from './heap-views.js';
import { TestReader } from './test-reader.js';

/** Call sites that instruments report in tests. */
export const SITES: SitesWanted = {
  groupBy: 'function',
  maxCallSites: 2,
  retentionAges: true,
  alwaysOther: true,
  withDropped: false,
};

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
  const requests = requestsTo(() => view);
  const attach = () => {
    const fetchPoints = vi.fn((wanted: PointsWanted) => requests.points(wanted));
    const metrics = new HeapMetrics(meter, {
      sites: SITES,
      conventions: false,
      fetchPoints,
      threadDeaths: () => deaths,
      notProfiling: () => undefined,
      serveReaders: () => false,
      hasProducer: () => producer,
      ...options,
    });
    return { metrics, fetchPoints };
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
