import type { MajorCollection } from '../ledger/index.js';
import { sleep } from '../sleep.js';

/** Longest wait for the report of a collection, in ms. */
const REPORT_MILLIS = 2_000;

interface Waiting {
  readonly afterMillis: number;
  readonly resolve: () => void;
}

/**
 * The main thread's reports of its major collections. A report comes in a later turn of its event loop than the end of the
 * collection. Until then, what a poll shows counts as garbage in part, as after any other moment.
 */
export class CollectionReports {
  #lastSweepMillis = Number.NEGATIVE_INFINITY;
  readonly #waiting = new Set<Waiting>();

  add(majors: readonly Pick<MajorCollection, 'sweepMillis'>[]): void {
    for (const { sweepMillis } of majors) {
      this.#lastSweepMillis = Math.max(this.#lastSweepMillis, sweepMillis);
    }
    for (const waiting of this.#waiting) {
      if (waiting.afterMillis <= this.#lastSweepMillis) waiting.resolve();
    }
  }

  /** Resolves when a collection that swept after this time, in ms on the clock of the polls, is reported; after 2 s at the latest. */
  async after(afterMillis: number): Promise<void> {
    if (afterMillis <= this.#lastSweepMillis) return;
    const over = new AbortController();
    const waiting = { afterMillis, resolve: () => over.abort() };
    this.#waiting.add(waiting);
    await sleep(REPORT_MILLIS, over.signal);
    this.#waiting.delete(waiting);
  }
}
