/** Longest gap between two pieces of work, in ms: after it, work may begin even with no CPU time saved. */
const LONGEST_GAP_MILLIS = 4_000;
/** Maximum CPU time saved, in ms: enough for about 60 profiles. */
const MAX_SAVED_MILLIS = 1_000;

/**
 * Limits the CPU time for clients' work. Unused time is saved, up to a bound, so that a few requests in a row
 * need not wait. The less is saved, the longer the gap between two pieces of work: none with full savings,
 * 0.5 s with half, 4 s with none.
 */
export class CpuAllowance {
  /** CPU time gained per ms of wall time, in ms. */
  readonly #share: number;
  #savedMillis = MAX_SAVED_MILLIS;
  #begunAt = Number.NEGATIVE_INFINITY;
  #at: number | undefined;

  /** @param share share of one core, e.g. 0.0025 */
  constructor(share: number) {
    this.#share = share;
  }

  /** Time that work must wait from now, in ms: 0 to 4,000. */
  waitMillis(nowMillis: number): number {
    this.#gain(nowMillis);
    const gap = LONGEST_GAP_MILLIS * (1 - this.#savedMillis / MAX_SAVED_MILLIS) ** 3;
    return Math.max(0, this.#begunAt + gap - nowMillis);
  }

  /** Records that work begins; {@link waitMillis} counts from here. */
  begin(nowMillis: number): void {
    this.#begunAt = nowMillis;
  }

  /** Subtracts the cost of work, in ms of CPU time. */
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
