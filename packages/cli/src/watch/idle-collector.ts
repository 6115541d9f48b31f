export interface IdleCollectorOptions {
  /** Collects garbage, and returns the memory to the system. */
  readonly collect: () => void;
  /** Returns ms since any fixed moment. */
  readonly clock: () => number;
}

/** Minimum time between collections in ms. One takes some 50 ms, so they take at most 1 % of the time. */
const MIN_GAP_MILLIS = 5_000;
/**
 * Number of bytes read that make a collection worthwhile, and minimum time between such collections in ms. Reading
 * leaves little garbage, and V8 collects while it continues.
 */
const WORTH_BYTES = 2 ** 20;
const READING_GAP_MILLIS = 60_000;

/** Work done so far. The numbers never decrease. */
export interface WorkDone {
  readonly bytesRead: number;
  /** Number of captures that are gone. */
  readonly gone: number;
  /** Number of profiles made. */
  readonly profiles: number;
}

/**
 * Collects garbage when a process has become idle after work that leaves much of it. V8 would keep it: it collects when
 * more memory is needed, and an idle process needs none.
 */
export class IdleCollector {
  readonly #options: IdleCollectorOptions;
  #collected: WorkDone = { bytesRead: 0, gone: 0, profiles: 0 };
  #collectedAt = Number.NEGATIVE_INFINITY;
  /** True if another collection should follow: unused code, for example, is only freed by the second one. */
  #isSecondDue = false;

  constructor(options: IdleCollectorOptions) {
    this.#options = options;
  }

  /** Call regularly while no work is in progress. */
  collectIfWorthwhile(done: WorkDone): void {
    const { bytesRead, gone, profiles } = this.#collected;
    const passed = this.#options.clock() - this.#collectedAt;
    const hasGivenUp = (done.gone > gone || done.profiles > profiles) && passed >= MIN_GAP_MILLIS;
    const hasRead = done.bytesRead - bytesRead >= WORTH_BYTES && passed >= READING_GAP_MILLIS;
    const isNew = hasGivenUp || hasRead;
    if (!isNew && !(this.#isSecondDue && passed >= MIN_GAP_MILLIS)) return;
    this.#options.collect();
    this.#isSecondDue = isNew;
    this.#collected = done;
    this.#collectedAt = this.#options.clock();
  }
}

/** Collects all garbage, if `gc` is exposed; see `restartSmall`. */
export function collectAll(): void {
  const { gc } = globalThis;
  (gc as ((options: object) => void) | undefined)?.({
    type: 'major',
    execution: 'sync',
    flavor: 'last-resort',
  });
}
