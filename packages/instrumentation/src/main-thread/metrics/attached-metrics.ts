import type { MeterProvider } from '@opentelemetry/api';
import { describeThrown } from '../../protocol/describe-thrown.js';
import type { Log } from '../../protocol/log.js';
import { SCHEMA_URL } from '../../protocol/semconv.js';
import { INSTRUMENTATION_NAME, VERSION } from '../../version.js';
import type { MemoryProfiler } from '../profiler/memory-profiler.js';
import { HeapMetrics } from './heap-metrics.js';
import { hasMetricProducer, isServed } from './metric-producers.js';
import { PointsProducer } from './points-producer.js';
import { SdkReaders } from './sdk-readers.js';

/**
 * Attaches a profiler's metrics to one MeterProvider: instruments, and producers for its readers where
 * possible.
 */
export class AttachedMetrics {
  readonly provider: MeterProvider;
  readonly #log: Log;
  readonly #metrics: HeapMetrics;
  #readers: SdkReaders | undefined;

  /** @throws what the provider throws */
  constructor(profiler: MemoryProfiler, provider: MeterProvider, log: Log) {
    this.provider = provider;
    this.#log = log;
    const { groupBy, maxCallSites, retentionAges, semconvMetrics } = profiler.config.options;
    this.#readers = isServed(provider)
      ? undefined
      : SdkReaders.of(provider, (temporalities) => new PointsProducer({ temporalities, alwaysOther: true }));
    this.#metrics = new HeapMetrics(
      provider.getMeter(INSTRUMENTATION_NAME, VERSION, { schemaUrl: SCHEMA_URL }),
      {
        sites: { groupBy, maxCallSites, retentionAges, alwaysOther: true, withDropped: false },
        conventions: semconvMetrics,
        fetchPoints: (wanted) => profiler.points(wanted),
        threadDeaths: () => profiler.threadDeaths,
        notProfiling: () => profiler.notProfiling,
        serveReaders: () => isServed(provider) || this.#servesReaders(),
        hasProducer: hasMetricProducer,
        failed: (thrown) => log('error', `cannot observe metrics: ${describeThrown(thrown)}`),
      },
    );
  }

  /** @throws what the meter throws */
  dispose(): void {
    const readers = this.#readers;
    this.#readers = undefined;
    this.#metrics.dispose();
    readers?.dispose();
  }

  /**
   * Returns true if producers report call sites to the readers; the instruments must not report them then.
   */
  #servesReaders(): boolean {
    if (!this.#readers) return false;
    if (this.#readers.serve()) return true;
    this.#readers.dispose();
    this.#readers = undefined;
    this.#log('debug', 'a metric reader asks no producers: call sites come from instruments');
    return false;
  }
}
