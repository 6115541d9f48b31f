import type { HistoryPoint } from '../live-state.js';

/** Values of the last minutes. */
export class History {
  readonly #millis: number;
  readonly #points: HistoryPoint[] = [];

  /**
   * Creates an empty history.
   *
   * @param millis length of time that is kept
   */
  constructor(millis: number) {
    this.#millis = millis;
  }

  add(point: HistoryPoint): void {
    this.#points.push(point);
    const first = point.atMillis - this.#millis;
    while (this.#points[0] !== undefined && this.#points[0].atMillis < first) this.#points.shift();
  }

  /** Replaces all values by these, the oldest first. */
  restart(points: readonly HistoryPoint[]): void {
    this.#points.length = 0;
    for (const point of points) this.add(point);
  }

  get points(): readonly HistoryPoint[] {
    return this.#points;
  }
}
