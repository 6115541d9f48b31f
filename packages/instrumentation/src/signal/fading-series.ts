import type { Attributes } from '@opentelemetry/api';
import { SafeMap } from '../containment/primordials.js';

/** The value of a series in one collection. */
export interface SeriesValue {
  /** Tells series apart. */
  readonly key: string;
  readonly attributes: Attributes;
  readonly value: number;
  /** Whether it is given also when it is zero. */
  readonly always?: boolean;
}

/**
 * The series of a metric whose values come and go, for a reader that shows only what it is given: a series that is
 * gone is given at zero once, so that nobody takes its last value for the present one, and then no more.
 */
export class FadingSeries {
  #shown = new SafeMap<string, SeriesValue>();

  /** What to give of these values: those that are not zero, and zero for those that were not in the call before. */
  next(values: Iterable<SeriesValue>): SeriesValue[] {
    const shown = new SafeMap<string, SeriesValue>();
    for (const value of values) if (value.value !== 0 || value.always) shown.set(value.key, value);
    const gone = [...this.#shown.values()].filter(({ key }) => !shown.has(key));
    this.#shown = shown;
    return [...shown.values(), ...gone.map(({ key, attributes }) => ({ key, attributes, value: 0 }))];
  }
}
