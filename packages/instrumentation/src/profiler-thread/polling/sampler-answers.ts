/** Counts the main thread's answers about the sampler, and lets polls wait for one. */
export class SamplerAnswers {
  #count = 0;
  #pending: Promise<void> = Promise.resolve();
  #end: (() => void) | undefined;

  /** Number of answers so far. */
  get count(): number {
    return this.#count;
  }

  /** Resolves when the expected answer has come, or its time is over; at once if none is expected. */
  get pending(): Promise<void> {
    return this.#pending;
  }

  /** Expects an answer within a time, in ms. */
  expect(millis: number): void {
    this.stop();
    this.#pending = new Promise((resolve) => {
      const timer = setTimeout(resolve, millis);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Records an answer. */
  add(): void {
    this.#count++;
    this.stop();
  }

  /** Expects no answer any more. */
  stop(): void {
    this.#end?.();
    this.#end = undefined;
  }
}
