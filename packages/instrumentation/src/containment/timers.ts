import { contained, type OnThrown } from './contain.js';
import { clearTimeout, SafeSet, setTimeout } from './primordials.js';

/** Timers that never keep the process alive, and whose work never throws into it. */
export class Timers {
  readonly #onThrown: OnThrown;
  readonly #running = new SafeSet<NodeJS.Timeout>();
  #stopped = false;

  /** @param onThrown told of what the work throws */
  constructor(onThrown: OnThrown) {
    this.#onThrown = onThrown;
  }

  /** Does something later; not after `stop`. */
  after(millis: number, work: () => void): void {
    if (this.#stopped) return;
    const ring = contained(() => {
      this.#running.delete(timer);
      work();
    }, this.#onThrown);
    const timer = setTimeout(ring, millis);
    timer.unref();
    this.#running.add(timer);
  }

  /** Nothing is done any more. */
  stop(): void {
    this.#stopped = true;
    this.#running.forEach((timer) => {
      clearTimeout(timer);
    });
    this.#running.clear();
  }
}
