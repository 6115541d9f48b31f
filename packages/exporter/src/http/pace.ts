/** Number of requests that a server answers in a row without pauses. */
const BURST = 100;
/** Time between two answers after that, in ms. */
const GAP_MILLIS = 5;

/**
 * Limits the rate of requests. Without it, a client that never stops asking would keep the thread busy, even with cheap
 * pages, and take a processor from the application.
 */
export class Pace {
  readonly #maxDelayMillis: number;
  /** Time at which the next request would be due if there were no bursts, in ms. */
  #due = 0;

  /**
   * Creates a pace.
   *
   * @param maxWaiting number of requests that can wait at once. Requests beyond it were aborted, and keep no place
   */
  constructor(maxWaiting: number) {
    this.#maxDelayMillis = maxWaiting * GAP_MILLIS;
  }

  /** Returns how long the next request must wait, in ms. Call once for each request. */
  delayMillis(nowMillis: number): number {
    const due = Math.max(this.#due, nowMillis - BURST * GAP_MILLIS) + GAP_MILLIS;
    this.#due = Math.min(due, nowMillis + this.#maxDelayMillis);
    return Math.max(0, this.#due - nowMillis);
  }
}
