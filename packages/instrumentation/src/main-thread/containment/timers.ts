import { clearTimeout, SafeSet, setTimeout } from '../../protocol/primordials.js';
import { contained, type OnThrown } from './contain.js';

/** Timers that never keep the process alive, and whose callbacks never throw into it. */
export class Timers {
  readonly #onThrown: OnThrown;
  readonly #running = new SafeSet<NodeJS.Timeout>();
  #stopped = false;

  /** @param onThrown called with what a callback throws */
  constructor(onThrown: OnThrown) {
    this.#onThrown = onThrown;
  }

  /** Calls back after a time, in ms; not after `stop`. */
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

  /** Cancels all timers. */
  stop(): void {
    this.#stopped = true;
    this.#running.forEach((timer) => {
      clearTimeout(timer);
    });
    this.#running.clear();
  }
}
