import { PerformanceObserver } from 'node:perf_hooks';

/** Adds up how long the garbage collections of this thread take. */
export class CollectionTime {
  #millis = 0;
  readonly #observer: PerformanceObserver;

  constructor() {
    this.#observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) this.#millis += duration;
    });
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** Total time so far, in ms, without collections in the present turn of the event loop. */
  get millis(): number {
    return this.#millis;
  }

  stop(): void {
    this.#observer.disconnect();
  }
}
