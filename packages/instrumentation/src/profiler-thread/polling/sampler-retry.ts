const FIRST_BACKOFF_MILLIS = 1_000;
const MAX_BACKOFF_MILLIS = 60_000;

/** Pauses between requests for a sampler that was lost or refused: they double, up to a minute, and vary by a quarter. */
export class SamplerRetry {
  #backoffMillis = FIRST_BACKOFF_MILLIS;
  #lastLostAt = Number.NEGATIVE_INFINITY;

  /** Records a loss, in ms on a steady clock. The pauses begin anew if the one before was long ago. */
  lost(now: number): void {
    if (now - this.#lastLostAt > 2 * MAX_BACKOFF_MILLIS) this.#backoffMillis = FIRST_BACKOFF_MILLIS;
    this.#lastLostAt = now;
  }

  /** Returns the next pause in ms. */
  nextMillis(): number {
    const millis = this.#backoffMillis * (0.75 + Math.random() / 2);
    this.#backoffMillis = Math.min(MAX_BACKOFF_MILLIS, this.#backoffMillis * 2);
    return millis;
  }
}
