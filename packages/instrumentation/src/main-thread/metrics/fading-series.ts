import type { Attributes } from '@opentelemetry/api';
import { SafeMap } from '../../protocol/primordials.js';

/** The value of a series in one collection. */
export interface SeriesValue {
  /** Key of the series. */
  readonly key: string;
  readonly attributes: Attributes;
  readonly value: number;
  /** True to report it even if it is zero. */
  readonly always?: boolean;
}

/**
 * Tracks the series of a metric for a reader that shows only what it is given. A vanished series is reported
 * as zero once, so that its last value is not taken for the present one, and then dropped.
 */
export class FadingSeries {
  #shown = new SafeMap<string, SeriesValue>();

  /**
   * Returns the values to report: those that are not zero, and zero for those that have vanished since the
   * last call.
   */
  next(values: Iterable<SeriesValue>): SeriesValue[] {
    const shown = new SafeMap<string, SeriesValue>();
    for (const value of values) if (value.value !== 0 || value.always) shown.set(value.key, value);
    const gone = [...this.#shown.values()].filter(({ key }) => !shown.has(key));
    this.#shown = shown;
    return [...shown.values(), ...gone.map(({ key, attributes }) => ({ key, attributes, value: 0 }))];
  }
}
