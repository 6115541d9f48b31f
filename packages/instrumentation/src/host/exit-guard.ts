import { contained } from '../containment/contain.js';
import {
  EmitterCount,
  EmitterOn,
  EmitterPrepend,
  EmitterRaw,
  EmitterRemove,
  ProcessKill,
  process,
  SafeMap,
  setImmediate,
} from '../containment/primordials.js';

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
  readonly #listeners = new SafeMap<GuardedSignal, () => void>();
  #watching = false;

  /**
   * @param finish blocks until everything is written, for a bounded time; called at most once an ending. What it throws
   *   is dropped: the process ends all the same
   */
  constructor(finish: () => void) {
    this.#finish = contained(finish, ignore);
    EmitterOn(process, 'exit', this.#finish);
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
    EmitterRemove(process, 'exit', this.#finish);
  }

  #listen(signal: GuardedSignal): void {
    const listener = contained(() => this.#onSignal(signal), ignore);
    this.#listeners.set(signal, listener);
    EmitterPrepend(process, signal, listener);
  }

  #unlisten(signal: GuardedSignal): void {
    const listener = this.#listeners.get(signal);
    if (listener) EmitterRemove(process, signal, listener);
    this.#listeners.delete(signal);
  }

  #onSignal(signal: GuardedSignal): void {
    this.#unlisten(signal);
    if (EmitterCount(process, signal) > 0) {
      const stopWatching = this.#watchForLastRemoval(signal);
      const watchAgain = contained(() => {
        stopWatching();
        if (this.#watching && !this.#listeners.has(signal)) this.#listen(signal);
      }, ignore);
      setImmediate(watchAgain).unref();
      return;
    }
    this.#finish();
    ProcessKill(process.pid, signal);
  }

  /**
   * A listener that counts the others, finds none and wants the process to die of the signal takes itself off
   * and sends it again: that leaves no event but its removal. (One made by `once` is always removed, so its
   * removal says nothing.)
   */
  #watchForLastRemoval(signal: GuardedSignal): () => void {
    const isOnce = (listener: object) => 'listener' in listener;
    if (EmitterRaw(process, signal).every(isOnce)) return ignore;
    const onRemoved = contained((event: string | symbol) => {
      if (event === signal && EmitterCount(process, signal) === 0) this.#finish();
    }, ignore);
    EmitterOn(process, 'removeListener', onRemoved);
    return () => void EmitterRemove(process, 'removeListener', onRemoved);
  }
}

function ignore(): void {}
