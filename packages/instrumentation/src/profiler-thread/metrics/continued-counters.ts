import type { PointMetric, PointsAnswer } from '../../protocol/metric-points.js';
import { METRICS } from '../../protocol/metric-table.js';
import { keyOf, type Series } from './series.js';

/**
 * Continues the counters of a consumer when its profiler thread has died and this one begins at 0. Counts of
 * the dead thread since its last answer are lost.
 */
export class ContinuedCounters {
  readonly #before = new Map<PointMetric, Map<string, Series>>();

  /** @param earlier last answer of the dead thread to this consumer */
  constructor(earlier: PointsAnswer | undefined) {
    for (const { metric, attributes, values, sinceMillis } of earlier?.points ?? []) {
      if (METRICS[metric].kind !== 'counter') continue;
      const series = attributes.map((each, at): Series => {
        return { key: keyOf(each), attributes: each, value: values[at] ?? 0, sinceMillis: sinceMillis[at] };
      });
      this.#before.set(metric, new Map(series.map((each) => [each.key, each])));
    }
  }

  /** Returns the counters with the earlier counts added. Those that are gone keep their counts. */
  keepGone(metric: PointMetric, counters: readonly Series[]): readonly Series[] {
    const before = this.#before.get(metric);
    if (!before) return counters;
    const keys = new Set(counters.map(({ key }) => key));
    return [...this.#added(metric, counters), ...[...before.values()].filter(({ key }) => !keys.has(key))];
  }

  /**
   * Returns the counters with the earlier counts added. The counts of those that are gone are added to
   * another counter.
   *
   * @param dropped counter that takes these counts; it may also be among the earlier ones
   * @param continues true if a counter that is gone continues when it returns; else it begins again
   */
  dropGone(
    metric: PointMetric,
    counters: readonly Series[],
    dropped: Series,
    continues: boolean,
  ): readonly Series[] {
    const before = this.#before.get(metric);
    if (!before) return [...counters, dropped];
    const keys = new Set(counters.map(({ key }) => key));
    const gone = [...before.values()].filter(({ key }) => !keys.has(key) && key !== dropped.key);
    const earlier = before.get(dropped.key)?.value ?? 0;
    const value = gone.reduce((sum, each) => sum + each.value, earlier);
    if (!continues) {
      for (const { key } of gone) before.delete(key);
      before.set(dropped.key, { ...dropped, value });
    }
    return [...this.#added(metric, counters), { ...dropped, value: dropped.value + value }];
  }

  #added(metric: PointMetric, counters: readonly Series[]): readonly Series[] {
    return counters.map((counter) => {
      const before = this.#before.get(metric)?.get(counter.key);
      if (!before) return counter;
      return { ...counter, value: counter.value + before.value, sinceMillis: before.sinceMillis };
    });
  }
}
