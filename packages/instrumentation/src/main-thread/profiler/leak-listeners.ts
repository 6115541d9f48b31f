import { describeThrown } from '../../protocol/describe-thrown.js';
import type { SuspectView } from '../../protocol/messages.js';
import { SafeSet } from '../../protocol/primordials.js';
import { contain, containRejection } from '../containment/contain.js';

/** Called when a call site starts to look like a leak. */
export type LeakListener = (suspect: SuspectView) => void;

/**
 * Calls the application's listeners for each new leak suspect and contains what they throw or reject with.
 */
export class LeakListeners {
  /** One entry for each call of `add`, even with the same function. */
  readonly #listeners = new SafeSet<{ readonly listener: LeakListener }>();
  readonly #onThrown: (thrown: unknown) => void;

  /** @param report called with a description of what a listener throws or rejects with */
  constructor(report: (what: string) => void) {
    this.#onThrown = (thrown) => report(describeThrown(thrown));
  }

  /** Adds a listener; the returned function removes it. */
  add(listener: LeakListener): () => void {
    const entry = { listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  tell(suspect: SuspectView): void {
    // Copy the set: listeners added during this loop get only later suspects.
    for (const { listener } of [...this.#listeners]) {
      // Handle async functions too: an unhandled rejection would end the process.
      contain(() => containRejection(listener(suspect) as unknown, this.#onThrown), this.#onThrown);
    }
  }
}
