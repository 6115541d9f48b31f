import { AsyncResource } from 'node:async_hooks';
import { AsyncResourceRun, clearTimeout, SafeSet, setTimeout } from '../../protocol/primordials.js';
import { contained, type OnThrown } from './contain.js';

/**
 * Context of all timers. In the context of the caller, a timer that a request of the application starts would keep
 * alive what the application has in `AsyncLocalStorage` for that request.
 */
const CONTEXT = new AsyncResource('heapray');

/**
 * Timers that never keep the process alive, whose callbacks never throw into it, and that keep nothing of the
 * application alive.
 */
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
    const timer = AsyncResourceRun(CONTEXT, () => setTimeout(ring, millis));
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
