/** The signals that end a process by default and that it may survive long enough to write a capture's end. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type GuardedSignal = (typeof SIGNALS)[number];

/**
 * Makes sure that captures are finished when the process ends: on `exit` (which covers a natural end,
 * `process.exit` and uncaught errors) and, while captures are being written, on the signals that would
 * otherwise end the process without any event.
 *
 * A signal is not swallowed: without other listeners the process dies of that same signal right after.
 * With others, it is theirs to decide, and they see the listener list as it is without heapray, because
 * some of them count the listeners to decide whether to end the process.
 */
export class ExitGuard {
  readonly #finish: () => void;
  readonly #listeners = new Map<GuardedSignal, () => void>();
  #watching = false;

  /** @param finish blocks until everything is written, for a bounded time; called at most once an ending */
  constructor(finish: () => void) {
    this.#finish = finish;
    process.on('exit', this.#finish);
  }

  /** Watches signals from now on, or no longer. */
  watchSignals(watch: boolean): void {
    if (watch === this.#watching) return;
    this.#watching = watch;
    for (const signal of SIGNALS) {
      if (watch) this.#listen(signal);
      else this.#unlisten(signal);
    }
  }

  dispose(): void {
    this.watchSignals(false);
    process.removeListener('exit', this.#finish);
  }

  #listen(signal: GuardedSignal): void {
    const listener = () => this.#onSignal(signal);
    this.#listeners.set(signal, listener);
    process.prependListener(signal, listener);
  }

  #unlisten(signal: GuardedSignal): void {
    const listener = this.#listeners.get(signal);
    if (listener) process.removeListener(signal, listener);
    this.#listeners.delete(signal);
  }

  #onSignal(signal: GuardedSignal): void {
    this.#unlisten(signal);
    if (process.listenerCount(signal) > 0) {
      const stopWatching = this.#watchForLastRemoval(signal);
      setImmediate(() => {
        stopWatching();
        if (this.#watching && !this.#listeners.has(signal)) this.#listen(signal);
      }).unref();
      return;
    }
    this.#finish();
    process.kill(process.pid, signal);
  }

  /**
   * A listener that counts the others, finds none and wants the process to die of the signal takes itself off
   * and sends it again: that leaves no event but its removal. (One made by `once` is always removed, so its
   * removal says nothing.)
   */
  #watchForLastRemoval(signal: GuardedSignal): () => void {
    const isOnce = (listener: object) => 'listener' in listener;
    if (process.rawListeners(signal).every(isOnce)) return () => {};
    const onRemoved = (event: string | symbol) => {
      if (event === signal && process.listenerCount(signal) === 0) this.#finish();
    };
    process.on('removeListener', onRemoved);
    return () => process.removeListener('removeListener', onRemoved);
  }
}
