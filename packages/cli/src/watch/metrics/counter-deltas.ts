import type { Attributes } from '@opentelemetry/api';
import type { MetricPoint } from './metric-points.js';

interface Reported {
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
  /** The last known run of each capture. */
  #runs: ReadonlyMap<string, unknown> = new Map();

  /** @param captureOf returns a key of the capture that a point is of */
  constructor(captureOf: (attributes: Attributes) => string) {
    this.#captureOf = captureOf;
  }

  /** Returns the increases of a counter. A counter with a new start increased from zero. */
  of(name: string, points: readonly MetricPoint[], nowMillis: number): readonly MetricPoint[] {
    return points.map((point) => {
      const { attributes, value, startMillis } = point;
      const capture = this.#captureOf(attributes);
      const key = JSON.stringify([name, attributes]);
      const last = this.#last.get(key);
      this.#next.set(key, { capture, value, startMillis, endMillis: nowMillis });
      const isNew = last === undefined || last.startMillis !== startMillis || value < last.value;
      return isNew ? point : { attributes, value: value - last.value, startMillis: last.endMillis };
    });
  }

  /**
   * Ends a collection. A counter without a point in it is remembered while its run is that of its capture: a call site may
   * become one of the largest again, and a capture may be unreadable for a moment.
   *
   * @param captures the captures that exist, with their runs; undefined for a capture that cannot be read now
   */
  endCollection(captures: ReadonlyMap<string, unknown>): void {
    const isSameRun = (capture: string) => {
      const run = captures.get(capture);
      return captures.has(capture) && (run === undefined || run === this.#runs.get(capture));
    };
    for (const [key, reported] of this.#last) {
      if (!this.#next.has(key) && isSameRun(reported.capture)) this.#next.set(key, reported);
    }
    this.#runs = new Map([...captures].map(([capture, run]) => [capture, run ?? this.#runs.get(capture)]));
    this.#last = this.#next;
    this.#next = new Map();
  }
}
