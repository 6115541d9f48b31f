import type { Attributes, HrTime } from '@opentelemetry/api';
import { JSONStringify, SafeMap } from '../../protocol/primordials.js';

/** One value of a metric. */
export interface ProducedPoint {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly attributes: Attributes;
  readonly value: number;
}

/** Converts cumulative points of a sum into differences to the previous collection. */
export class DeltaPoints {
  readonly #isMonotonic: boolean;
  #before = new SafeMap<string, ProducedPoint>();

  /** @param isMonotonic true if a series may restart, which its start time shows */
  constructor(isMonotonic: boolean) {
    this.#isMonotonic = isMonotonic;
  }

  next(points: readonly ProducedPoint[]): ProducedPoint[] {
    const before = this.#before;
    this.#before = new SafeMap();
    return points.map((point) => {
      const key = JSONStringify(point.attributes);
      this.#before.set(key, point);
      const last = before.get(key);
      const isNew = this.#isMonotonic && last?.startTime.join() !== point.startTime.join();
      if (!last || isNew) return point;
      return { ...point, startTime: last.endTime, value: point.value - last.value };
    });
  }
}
