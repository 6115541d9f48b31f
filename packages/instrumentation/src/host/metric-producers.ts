import type { MeterProvider } from '@opentelemetry/api';

interface Producers {
  /** Producers made so far. */
  count: number;
  /** Those that the application made, and not heapray itself. */
  applications: number;
}

const KEY = Symbol.for('heapray.producers.2');

function producers(): Producers {
  const global = globalThis as { [KEY]?: Producers | undefined };
  global[KEY] ??= { count: 0, applications: 0 };
  return global[KEY];
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

const served = new WeakSet<MeterProvider>();

/** Notes that all readers of a provider were made with a producer of heapray. */
export function markServed(provider: MeterProvider): void {
  served.add(provider);
}

export function isServed(provider: MeterProvider): boolean {
  return served.has(provider);
}
