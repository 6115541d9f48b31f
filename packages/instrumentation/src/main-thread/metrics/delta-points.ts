import { SafeMap } from '../../protocol/primordials.js';
import type { ProducedPoint } from './produced-metrics.js';

/** A point with the key of its series. */
export interface KeyedPoint extends ProducedPoint {
  readonly key: string;
}

/** Converts cumulative points of a sum into differences to the previous collection. */
export class DeltaPoints {
  readonly #isMonotonic: boolean;
  #before = new SafeMap<string, ProducedPoint>();

  /** @param isMonotonic true if a series may restart, which its start time shows */
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
