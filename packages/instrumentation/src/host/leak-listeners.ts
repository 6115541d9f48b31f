import type { SuspectView } from '../agent/messages.js';
import { contain, containRejection } from '../containment/contain.js';
import { describeThrown } from '../containment/describe-thrown.js';
import { SafeSet } from '../containment/primordials.js';

/** Told of a call site that has begun to look like a leak. */
export type LeakListener = (suspect: SuspectView) => void;

/** The application's own code that is called for each new leak suspect; what it throws, now or later, stays here. */
export class LeakListeners {
  /** Each call of `add` counts, also with the same function. */
  readonly #listeners = new SafeSet<{ readonly listener: LeakListener }>();
  readonly #onThrown: (thrown: unknown) => void;

  /** @param report told of what a listener throws, or of what its promise is rejected with */
  constructor(report: (what: string) => void) {
    this.#onThrown = (thrown) => report(describeThrown(thrown));
  }

  /** Calls back for each new suspect, until the returned function is called. */
  add(listener: LeakListener): () => void {
    const entry = { listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  tell(suspect: SuspectView): void {
    // One that takes itself away and comes back is told of the next suspect.
    for (const { listener } of [...this.#listeners]) {
      // An async function is a listener too, and an unhandled rejection would end the process.
      contain(() => containRejection(listener(suspect) as unknown, this.#onThrown), this.#onThrown);
    }
  }
}
