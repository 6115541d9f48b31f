interface Producers {
  count: number;
}

const KEY = Symbol.for('heapray.producers.1');

/**
 * Counts a metric producer in, also across copies of this package: as soon as there is one, the instruments leave call
 * sites to it. Asked for the first time is too late for that: a reader asks the instruments before.
 *
 * @returns its number
 */
export function addMetricProducer(): number {
  const global = globalThis as { [KEY]?: Producers | undefined };
  global[KEY] ??= { count: 0 };
  return ++global[KEY].count;
}

export function hasMetricProducer(): boolean {
  return ((globalThis as { [KEY]?: Producers | undefined })[KEY]?.count ?? 0) > 0;
}
