/** Minimum time over which the rate is measured, in ms, so that start-up does not count. */
const RATE_MILLIS = 20_000;

/** Measures how many samples the sampler takes. */
export class SampleRate {
  /** Start of the span of the measurement, and the number of samples then. */
  #span: { readonly atMillis: number; readonly samples: number } | undefined;
  #perSecond = 0;

  /** Samples per second in the last span; 0 before the first has ended. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** @param samples number of samples since the start */
  observe(samples: number, atMillis: number): void {
    this.#span ??= { atMillis, samples };
    const millis = atMillis - this.#span.atMillis;
    if (millis < RATE_MILLIS) return;
    this.#perSecond = ((samples - this.#span.samples) * 1000) / millis;
    this.#span = { atMillis, samples };
  }

  reset(): void {
    this.#span = undefined;
    this.#perSecond = 0;
  }
}
