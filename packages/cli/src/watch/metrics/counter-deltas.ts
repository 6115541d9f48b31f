import type { Attributes } from '@opentelemetry/api';
import type { MetricPoint } from './metric-points.js';

interface Reported {
  /** The name of the counter, and the capture. */
  readonly source: string;
  readonly capture: string;
  readonly value: number;
  readonly startMillis: number | undefined;
  readonly endMillis: number;
}

/** Converts cumulative points of counters to the increases since the previous collection. */
export class CounterDeltas {
  #last: ReadonlyMap<string, Reported> = new Map();
  #next: Map<string, Reported> = new Map();
  readonly #captureOf: (attributes: Attributes) => string;
  /** Counters and captures with points in this collection. */
  #present: Set<string> = new Set();

  /** @param captureOf returns a key of the capture that a point is of */
  constructor(captureOf: (attributes: Attributes) => string) {
    this.#captureOf = captureOf;
  }

  /** Returns the increases of a counter. A counter with a new start increased from zero. */
  of(name: string, points: readonly MetricPoint[], nowMillis: number): readonly MetricPoint[] {
    return points.map((point) => {
      const { attributes, value, startMillis } = point;
      const capture = this.#captureOf(attributes);
      const source = `${name} ${capture}`;
      const key = JSON.stringify([name, attributes]);
      const last = this.#last.get(key);
      this.#next.set(key, { source, capture, value, startMillis, endMillis: nowMillis });
      this.#present.add(source);
      const isNew = last === undefined || last.startMillis !== startMillis || value < last.value;
      return isNew ? point : { attributes, value: value - last.value, startMillis: last.endMillis };
    });
  }

  /**
   * Ends a collection. A counter without a point in it is remembered while its capture exists and has no points, such
   * as one that cannot be read for a moment. A series that was dropped has a new start when it returns.
   *
   * @param captures the captures that exist
   */
  endCollection(captures: ReadonlySet<string>): void {
    for (const [key, reported] of this.#last) {
      const { source, capture } = reported;
      if (captures.has(capture) && !this.#present.has(source)) this.#next.set(key, reported);
    }
    this.#last = this.#next;
    this.#next = new Map();
    this.#present = new Set();
  }
}
