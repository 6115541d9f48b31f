/** Time from one piece of work to the next when nothing is saved: it may be done then whatever it costs, ms. */
const LONGEST_GAP_MILLIS = 4_000;
/** CPU time that may be saved, ms: some sixty profiles. */
const MAX_SAVED_MILLIS = 1_000;

/**
 * CPU time that work for clients may take. Unused time is saved, up to a bound, so that requests in a row need not wait. The
 * less is saved, the more time passes from one piece of work to the next: nothing at first, half a second at one half, and four
 * seconds at the end.
 */
export class CpuAllowance {
  /** CPU time gained in each ms. */
  readonly #share: number;
  #savedMillis = MAX_SAVED_MILLIS;
  #begunAt = Number.NEGATIVE_INFINITY;
  #at: number | undefined;

  /** @param share of one core, e.g. 0.0025 */
  constructor(share: number) {
    this.#share = share;
  }

  /** How long work must wait now, ms: from 0 to 4,000. */
  waitMillis(nowMillis: number): number {
    this.#gain(nowMillis);
    const gap = LONGEST_GAP_MILLIS * (1 - this.#savedMillis / MAX_SAVED_MILLIS) ** 3;
    return Math.max(0, this.#begunAt + gap - nowMillis);
  }

  /** Takes that work has begun, which {@link waitMillis} is counted from. */
  begin(nowMillis: number): void {
    this.#begunAt = nowMillis;
  }

  /** Takes what some work has cost, ms of CPU time. */
  spend(millis: number, nowMillis: number): void {
    this.#gain(nowMillis);
    this.#savedMillis = Math.max(0, this.#savedMillis - millis);
  }

  #gain(nowMillis: number): void {
    const passed = nowMillis - (this.#at ?? nowMillis);
    this.#at = nowMillis;
    this.#savedMillis = Math.min(MAX_SAVED_MILLIS, this.#savedMillis + passed * this.#share);
  }
}
