import { describeThrown } from '../../protocol/describe-thrown.js';
import type { SuspectView } from '../../protocol/messages.js';
import { SafeSet } from '../../protocol/primordials.js';
import { contain, containRejection } from '../containment/contain.js';

/** Called when a call site starts to look like a leak. */
export type LeakListener = (suspect: SuspectView) => void;

type Listener<Told> = (told: Told) => void;

/** Calls the application's listeners for an event, and contains what they throw or reject with. */
export class SafeListeners<Told = SuspectView> {
  /** One entry for each call of `add`, even with the same function. */
  readonly #listeners = new SafeSet<{ readonly listener: Listener<Told> }>();
  readonly #onThrown: (thrown: unknown) => void;

  /** @param report called with a description of what a listener throws or rejects with */
  constructor(report: (what: string) => void) {
    this.#onThrown = (thrown) => report(describeThrown(thrown));
  }

  /** Adds a listener; the returned function removes it. */
  add(listener: Listener<Told>): () => void {
    const entry = { listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  tell(told: Told): void {
    // Copy the set: listeners added during this loop get only later events.
    for (const { listener } of [...this.#listeners]) {
      // Handle async functions too: an unhandled rejection would end the process.
      contain(() => containRejection(listener(told) as unknown, this.#onThrown), this.#onThrown);
    }
  }
}
