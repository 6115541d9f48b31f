import type { Amount } from './amounts.ts';
import type { Model } from './model.ts';

/** Standard error, relative to the value, from which on a value is shown as uncertain. */
const UNCERTAIN_FROM = 0.3;

/**
 * Standard errors of sampled values. A sum of `b` bytes, sampled every `interval` bytes on average, has a standard error of
 * at most about `sqrt(b * interval)`. Numbers of objects have the relative error of their bytes.
 *
 * Two kinds of values have at least this error. Of a change, only the difference counts, because samples that both profiles
 * have cancel out. What was allocated in all is partly attributed to stacks by other estimates.
 */
export class Uncertainty {
  /** True if errors may be larger than this. */
  readonly isLeast: boolean;
  readonly #interval: number;

  private constructor(interval: number, isLeast: boolean) {
    this.#interval = interval;
    this.isLeast = isLeast;
  }

  /**
   * Returns the errors in a column of a profile or a change; undefined if values are exact, or their interval is unknown.
   *
   * @param isChange true if the values are changes
   */
  static of(
    { profiles, columns }: Pick<Model, 'profiles' | 'columns'>,
    column: number,
    isChange: boolean,
  ): Uncertainty | undefined {
    let largest = 0;
    for (const { samplingInterval } of profiles) {
      if (samplingInterval === null) return undefined;
      largest = Math.max(largest, samplingInterval);
    }
    const isLeast = isChange || /^alloc/.test(columns[column]!.type);
    return largest === 0 ? undefined : new Uncertainty(largest, isLeast);
  }

  /** Returns the standard error relative to the value; 0 for no amount. */
  relative({ sampled }: Pick<Amount, 'sampled'>): number {
    return sampled === 0 ? 0 : Math.sqrt(this.#interval / Math.abs(sampled));
  }

  isUncertain(amount: Pick<Amount, 'sampled'>): boolean {
    return this.relative(amount) >= UNCERTAIN_FROM;
  }
}
