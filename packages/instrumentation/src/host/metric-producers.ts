import type { MeterProvider } from '@opentelemetry/api';
import { SafeWeakSet } from '../containment/primordials.js';
import { processState } from '../containment/process-state.js';

interface Producers {
  /** Producers made so far. */
  count: number;
  /** Those that the application made, and not heapray itself. */
  applications: number;
}

const KEY = 'heapray.producers.2';

function producers(): Producers {
  return processState(KEY, () => ({ count: 0, applications: 0 }));
}

/** Returns the number of another producer, across copies of this package. */
export function nextProducerNumber(): number {
  return ++producers().count;
}

/**
 * Counts a producer that the application made. From then on instruments leave call sites to producers. Call when it is
 * made: a reader asks the instruments before it asks a producer.
 */
export function addMetricProducer(): void {
  producers().applications++;
}

export function hasMetricProducer(): boolean {
  return producers().applications > 0;
}

const served = new SafeWeakSet<MeterProvider>();

/** Notes that all readers of a provider were made with a producer of heapray. */
export function markServed(provider: MeterProvider): void {
  served.add(provider);
}

export function isServed(provider: MeterProvider): boolean {
  return served.has(provider);
}
