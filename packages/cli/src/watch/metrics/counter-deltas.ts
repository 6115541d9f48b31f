import type { MetricPoint } from './metric-points.js';

interface Reported {
  readonly value: number;
  readonly endMillis: number;
}

/** Converts cumulative points of counters to the increases since the previous collection. */
export class CounterDeltas {
  #last: ReadonlyMap<string, Reported> = new Map();
  #next: Map<string, Reported> = new Map();

  /** Returns the increases of a counter. A counter that started since the previous collection increased from zero. */
  of(name: string, points: readonly MetricPoint[], nowMillis: number): readonly MetricPoint[] {
    return points.map((point) => {
      const { attributes, value, startMillis = nowMillis } = point;
      const key = JSON.stringify([name, attributes]);
      const last = this.#last.get(key);
      this.#next.set(key, { value, endMillis: nowMillis });
      const isNew = last === undefined || last.endMillis <= startMillis || value < last.value;
      return isNew ? point : { attributes, value: value - last.value, startMillis: last.endMillis };
    });
  }

  /** Ends a collection: forgets counters without a point in it. */
  endCollection(): void {
    this.#last = this.#next;
    this.#next = new Map();
  }
}
