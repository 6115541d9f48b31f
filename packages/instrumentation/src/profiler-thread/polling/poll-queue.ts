/** Runs polls one at a time: a poll between the two of a pair would spoil the pair. Urgent work ends the pause inside a pair. */
export class PollQueue {
  #last: Promise<unknown> = Promise.resolve();
  /** Number of pieces of urgent work that have not begun. */
  #urgent = 0;
  #endPause: (() => void) | undefined;

  /** True while the running work pauses. */
  get isPausing(): boolean {
    return this.#endPause !== undefined;
  }

  /** Runs work behind that which was given before. Rejects as the work does. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work, work);
    this.#last = done.catch(() => {});
    return done;
  }

  /** Runs work like {@link run}, and ends the pause of the running work and of all that comes before. */
  runSoon<T>(work: () => Promise<T>): Promise<T> {
    this.#urgent++;
    this.endPause();
    return this.run(() => {
      this.#urgent--;
      return work();
    });
  }

  /** Waits, in ms, as part of the running work. Resolves to false if the wait was ended early. */
  pause(millis: number): Promise<boolean> {
    if (this.#urgent > 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (undisturbed: boolean) => {
        clearTimeout(timer);
        this.#endPause = undefined;
        resolve(undisturbed);
      };
      const timer = setTimeout(() => end(true), millis);
      this.#endPause = () => end(false);
    });
  }

  endPause(): void {
    this.#endPause?.();
  }
}
