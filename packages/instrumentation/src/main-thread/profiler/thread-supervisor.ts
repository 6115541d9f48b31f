import { describeThrown } from '../../protocol/describe-thrown.js';
import type { Log } from '../../protocol/log.js';
import { MathMin, now } from '../../protocol/primordials.js';
import type { Timers } from '../containment/timers.js';
import type { ProfilerThread } from './profiler-thread.js';
import { ThreadFile } from './thread-file.js';

const FIRST_RESTART_MILLIS = 1_000;
const MAX_RESTART_MILLIS = 60_000;

export interface ThreadSupervisorDeps {
  readonly log: Log;
  readonly timers: Timers;
  /**
   * Starts a profiler thread. It must call `died` when it ends by itself.
   *
   * @param file its file; undefined for the one that came with this code
   * @param isAgain true if an earlier thread of this process had fully started
   * @throws when no thread can be started
   */
  readonly startThread: (file: string | undefined, isAgain: boolean) => ProfilerThread;
  /** Called after another thread was started. */
  readonly onRestart: () => void;
  /** Called when no file can be started, with the reason. */
  readonly onFailure: (why: string) => void;
}

/** Starts the profiler thread, and starts it again, with growing pauses, when it has died. */
export class ThreadSupervisor {
  readonly #deps: ThreadSupervisorDeps;
  readonly #file = new ThreadFile();
  readonly #ended: number[] = [];
  #thread: ProfilerThread | undefined;
  #startedMillis = 0;
  #deaths = 0;
  #nextPauseMillis = FIRST_RESTART_MILLIS;
  #isClosed = false;

  constructor(deps: ThreadSupervisorDeps) {
    this.#deps = deps;
  }

  /** The running thread; undefined before the start, and after a death until the next start. */
  get thread(): ProfilerThread | undefined {
    return this.#thread;
  }

  /** Number of times that the thread died by itself, without a first one that never fully started. */
  get deaths(): number {
    return this.#deaths;
  }

  /** `threadId` of each thread that has died. */
  get endedThreads(): readonly number[] {
    return this.#ended;
  }

  start(): void {
    this.#start(false);
  }

  /** Starts no thread from now on. */
  close(): void {
    this.#isClosed = true;
  }

  /** @param hasBegun true if it had fully started. If the first thread had not, only other files are tried */
  died(reason: string, hasBegun: boolean): void {
    const ended = this.#thread?.threadId;
    this.#thread = undefined;
    if (!hasBegun && this.#deaths === 0) {
      if (this.#file.tryNext()) return this.#startAgain(false);
      return this.#deps.onFailure(this.#file.explain(reason));
    }
    this.#deaths++;
    if (ended !== undefined) this.#ended[this.#ended.length] = ended;
    this.#deps.log('error', `the profiler thread died and is started again: ${reason}`);
    const livedLong = now() - this.#startedMillis > MAX_RESTART_MILLIS;
    const pause = livedLong ? FIRST_RESTART_MILLIS : this.#nextPauseMillis;
    this.#nextPauseMillis = MathMin(MAX_RESTART_MILLIS, pause * 2);
    this.#deps.timers.after(pause, () => this.#startAgain(true));
  }

  #startAgain(isAgain: boolean): void {
    this.#start(isAgain);
    if (!this.#isClosed) this.#deps.onRestart();
  }

  #start(isAgain: boolean): void {
    if (this.#isClosed) return;
    this.#startedMillis = now();
    try {
      this.#thread = this.#deps.startThread(this.#file.path, isAgain);
    } catch (thrown) {
      this.died(describeThrown(thrown), false);
    }
  }
}
