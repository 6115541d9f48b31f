import type { PointsRequest } from '../../protocol/metric-points.js';
import type { Series } from './series.js';

/**
 * Drops the series of a metric that have vanished or become zero, after a zero has been delivered, so that
 * the last value is not taken for the present one. Neither a reader nor an SDK needs more: one drops the
 * series, the other keeps the zero.
 */
export class ZeroOnce {
  readonly #shown = new Map<string, Series>();
  /** First request that was answered with a zero, by series. */
  readonly #zeroSince = new Map<string, number>();

  /** @param shown series that the consumer knows from an earlier profiler thread */
  constructor(shown: readonly Series[] = []) {
    for (const series of shown) if (series.value !== 0) this.#shown.set(series.key, series);
  }

  /**
   * Returns the series to report: those that are not zero, and a zero for those that were reported before.
   * The zero is repeated until an answer with it has arrived.
   */
  next(
    series: readonly Series[],
    { request, answered }: Pick<PointsRequest, 'request' | 'answered'>,
  ): Series[] {
    const present = series.filter(({ value, isShownAtZero }) => value !== 0 || isShownAtZero);
    const keys = new Set(present.map(({ key }) => key));
    const zeros: Series[] = [];
    for (const [key, last] of this.#shown) {
      if (keys.has(key)) continue;
      const since = this.#zeroSince.get(key) ?? request;
      this.#zeroSince.set(key, since);
      if (since <= answered) this.#forget(key);
      else zeros.push({ ...last, value: 0 });
    }
    for (const one of present) {
      this.#shown.set(one.key, one);
      this.#zeroSince.delete(one.key);
    }
    return [...present, ...zeros];
  }

  #forget(key: string): void {
    this.#shown.delete(key);
    this.#zeroSince.delete(key);
  }
}
