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
} from '../../protocol/primordials.js';
import { contained } from '../containment/contain.js';

/** Signals that end a process by default but leave time to finish a capture. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type GuardedSignal = (typeof SIGNALS)[number];

/**
 * Finishes captures when the process ends. Listens to `exit`, which covers a natural end, `process.exit` and
 * uncaught errors. While captures are being written, also listens to the signals that would otherwise end the
 * process without an event.
 *
 * A signal is not swallowed: without other listeners, the process then dies of that same signal. With others,
 * they decide. They see the listener list without heapray's listener, because some of them count listeners to
 * decide about ending the process.
 */
export class ExitGuard {
  readonly #finish: () => void;
  readonly #listeners = new SafeMap<GuardedSignal, () => void>();
  #watching = false;

  /**
   * @param finish blocks until everything is written, for a bounded time; called at most once for each end.
   *   Errors that it throws are dropped, as the process ends anyway
   */
  constructor(finish: () => void) {
    this.#finish = contained(finish, ignore);
    EmitterOn(process, 'exit', this.#finish);
  }

  /** Starts or stops watching signals. */
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
   * Finishes captures when the last other listener removes itself. A listener that counts the others, finds
   * none, and wants the process to die of the signal removes itself and sends the signal again. Its removal
   * is then the only event. (Listeners made by `once` are always removed, so their removal shows nothing.)
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
