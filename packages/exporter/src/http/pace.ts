/** Requests that a server answers in a row without pauses. */
const BURST = 100;
/** Time from one answer to the next after that, ms. */
const GAP_MILLIS = 5;

/**
 * Spreads requests over time: a client that asks without end would keep the thread busy, even with pages that cost nothing,
 * and take a processor from the application.
 */
export class Pace {
  /** When the next request would be due if there were no bursts. */
  #due = 0;

  /** How long the next request must wait, ms; call once for each. */
  delayMillis(nowMillis: number): number {
    this.#due = Math.max(this.#due, nowMillis - BURST * GAP_MILLIS) + GAP_MILLIS;
    return Math.max(0, this.#due - nowMillis);
  }
}
