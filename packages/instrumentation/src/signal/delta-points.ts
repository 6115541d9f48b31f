import { SafeMap } from '../containment/primordials.js';
import type { ProducedPoint } from './produced-metrics.js';

/** A point with what tells its series apart. */
export interface KeyedPoint extends ProducedPoint {
  readonly key: string;
}

/** Turns the points of a sum, as they are since the start, into what came since the collection before. */
export class DeltaPoints {
  readonly #isMonotonic: boolean;
  #before = new SafeMap<string, ProducedPoint>();

  /** @param isMonotonic whether a series may begin anew, which its start time tells */
  constructor(isMonotonic: boolean) {
    this.#isMonotonic = isMonotonic;
  }

  next(points: readonly KeyedPoint[]): ProducedPoint[] {
    const before = this.#before;
    this.#before = new SafeMap(points.map((point) => [point.key, point]));
    return points.map(({ key, ...point }) => {
      const last = before.get(key);
      const isNew = this.#isMonotonic && last?.startTime.join() !== point.startTime.join();
      if (!last || isNew) return point;
      return { ...point, startTime: last.endTime, value: point.value - last.value };
    });
  }
}
