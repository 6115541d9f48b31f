/** One value at one time. */
export interface HistoryPoint {
  readonly atMillis: number;
  readonly value: number;
}

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

  clear(): void {
    this.#points.length = 0;
  }

  get points(): readonly HistoryPoint[] {
    return this.#points;
  }
}
