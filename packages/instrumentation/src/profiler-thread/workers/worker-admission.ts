/** Number of workers that may begin at once, and time after which another one may, in ms. */
const BURST = 16;
const REFILL_MILLIS = 2_000;
/** Time that a worker must have lived if many workers start, in ms. */
const PATIENCE_MILLIS = 5_000;

/**
 * Decides when the profiling of a worker begins: at once while few workers start. Where many do, most live too short to
 * be worth the cost of some milliseconds, so only those that last are profiled.
 */
export class WorkerAdmission {
  #tokens = BURST;
  #atMillis: number | undefined;

  /** Returns the delay after which profiling of a worker that starts now may begin, in ms. */
  delayMillis(atMillis: number): number {
    const passed = atMillis - (this.#atMillis ?? atMillis);
    this.#atMillis = atMillis;
    this.#tokens = Math.min(BURST, this.#tokens + passed / REFILL_MILLIS);
    if (this.#tokens < 1) return PATIENCE_MILLIS;
    this.#tokens--;
    return 0;
  }
}
