import type { Amount } from './amounts.ts';
import type { Model } from './model.ts';

/** Standard error, relative to the value, from which on a value is shown as uncertain. */
const UNCERTAIN_FROM = 0.3;

/**
 * Standard errors of sampled values. A sum of `b` bytes, sampled every `interval` bytes on average, has a standard error of
 * at most about `sqrt(b * interval)`. Numbers of objects have the relative error of their bytes. Of a change, only the
 * difference counts: samples that both profiles have cancel out, so that this is the least error that it can have.
 */
export class Uncertainty {
  readonly #interval: number;

  private constructor(interval: number) {
    this.#interval = interval;
  }

  /** Returns the errors of a profile or a change; undefined if values are exact, or their interval is unknown. */
  static of({ profiles }: Pick<Model, 'profiles'>): Uncertainty | undefined {
    let largest = 0;
    for (const { samplingInterval } of profiles) {
      if (samplingInterval === null) return undefined;
      largest = Math.max(largest, samplingInterval);
    }
    return largest === 0 ? undefined : new Uncertainty(largest);
  }

  /** Returns the standard error relative to the value; 0 for no amount. */
  relative({ sampled }: Pick<Amount, 'sampled'>): number {
    return sampled === 0 ? 0 : Math.sqrt(this.#interval / Math.abs(sampled));
  }

  isUncertain(amount: Pick<Amount, 'sampled'>): boolean {
    return this.relative(amount) >= UNCERTAIN_FROM;
  }
}
