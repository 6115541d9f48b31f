import { MathMax, MathMin } from '../../protocol/primordials.js';

/** Mean bytes between samples while neither time nor memory are scarce. */
export const BUFFER_INTERVAL = 2 ** 18;
/** Number of samples in a second in the long run, and at once. One takes 40 to 90 microseconds. */
const PER_SECOND = 20;
const AT_ONCE = 1_000;
/** Number of live samples above which the interval grows, and the one above which no more are taken. */
const MANY_LIVE = 8_192;
export const MAX_LIVE = 65_536;

/**
 * Chooses the interval between samples, so that a program that makes many Buffers pays a bounded price. Each
 * sample is weighted with the interval at its time, so changes leave sums unbiased.
 */
export class SampleRate {
  /** Number of samples that may be taken at once now. */
  #left = AT_ONCE;
  #atMillis: number;

  constructor(atMillis: number) {
    this.#atMillis = atMillis;
  }

  /** True while the interval is larger than usual because of recent samples. */
  get isScarce(): boolean {
    return this.#left < AT_ONCE / 2;
  }

  /** Counts a sample. */
  taken(): void {
    this.#left = MathMax(0, this.#left - 1);
  }

  /** Returns the mean bytes between samples from now on. */
  interval(atMillis: number, live: number): number {
    this.#left = MathMin(AT_ONCE, this.#left + ((atMillis - this.#atMillis) * PER_SECOND) / 1000);
    this.#atMillis = atMillis;
    let interval = BUFFER_INTERVAL;
    for (let most = AT_ONCE / 2; most > 10 && this.#left < most; most /= 2) interval *= 2;
    for (let most = MANY_LIVE; most < live; most *= 2) interval *= 2;
    return interval;
  }
}
