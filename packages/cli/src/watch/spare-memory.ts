export interface SpareMemoryOptions {
  /** Collects garbage, and gives the memory back to the system. */
  readonly collect: () => void;
  /** Milliseconds, from any moment on. */
  readonly clock: () => number;
}

/** A collection takes some 50 ms: at most a hundredth of the time is spent with them. */
const MIN_GAP_MILLIS = 5_000;
/** Reading leaves little, and V8 collects while it goes on: so many bytes are worth a collection, once in so long. */
const WORTH_BYTES = 2 ** 20;
const READING_GAP_MILLIS = 60_000;

/** What was done so far; each number only grows. */
export interface WorkDone {
  readonly bytesRead: number;
  /** Captures that are gone. */
  readonly gone: number;
  /** Profiles that were made. */
  readonly profiles: number;
}

/**
 * Collects garbage when a process has become idle behind work that leaves much of it. V8 would keep it: it collects when
 * more memory is wanted, and an idle process wants none.
 */
export class SpareMemory {
  readonly #options: SpareMemoryOptions;
  #collected: WorkDone = { bytesRead: 0, gone: 0, profiles: 0 };
  #collectedAt = Number.NEGATIVE_INFINITY;
  /** Code that is not run any more, for one, goes with the second collection only. */
  #isOnceMore = false;

  constructor(options: SpareMemoryOptions) {
    this.#options = options;
  }

  /** Call now and then while nothing is in work. */
  tend(done: WorkDone): void {
    const { bytesRead, gone, profiles } = this.#collected;
    const passed = this.#options.clock() - this.#collectedAt;
    const hasGivenUp = (done.gone > gone || done.profiles > profiles) && passed >= MIN_GAP_MILLIS;
    const hasRead = done.bytesRead - bytesRead >= WORTH_BYTES && passed >= READING_GAP_MILLIS;
    const isNew = hasGivenUp || hasRead;
    if (!isNew && !(this.#isOnceMore && passed >= MIN_GAP_MILLIS)) return;
    this.#options.collect();
    this.#isOnceMore = isNew;
    this.#collected = done;
    this.#collectedAt = this.#options.clock();
  }
}

/** Collects all garbage there is, where `gc` is exposed; see `restartSmall`. */
export function collectAll(): void {
  const { gc } = globalThis;
  (gc as ((options: object) => void) | undefined)?.({
    type: 'major',
    execution: 'sync',
    flavor: 'last-resort',
  });
}
