import type { MeterProvider } from '@opentelemetry/api';
import { SafeWeakSet } from '../../protocol/primordials.js';
import { processState } from '../containment/process-state.js';

interface Producers {
  /** Number of producers made so far. */
  count: number;
  /** Number of producers made by the application, not by heapray itself, that a reader has collected from. */
  applications: number;
}

const KEY = 'heapray.producers.2';

function producers(): Producers {
  return processState(KEY, () => ({ count: 0, applications: 0 }));
}

/** Returns the next producer number, unique across copies of this package. */
export function nextProducerNumber(): number {
  return ++producers().count;
}

/**
 * Counts a producer made by the application when a reader first collects from it. From then on, instruments
 * leave call sites to producers.
 */
export function addMetricProducer(): void {
  producers().applications++;
}

export function hasMetricProducer(): boolean {
  return producers().applications > 0;
}

const served = new SafeWeakSet<MeterProvider>();

/** Records that all readers of a provider were created with a producer of heapray. */
export function markServed(provider: MeterProvider): void {
  served.add(provider);
}

export function isServed(provider: MeterProvider): boolean {
  return served.has(provider);
}
