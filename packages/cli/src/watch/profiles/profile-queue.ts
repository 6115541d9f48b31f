import { HttpError } from '@heapray/exporter/http';

/** Makes a profile. The signal is aborted when no client wants it any more. */
export type Make = (signal: AbortSignal) => Promise<Uint8Array>;

export interface ProfileQueueOptions {
  /** Maximum number of profiles that wait while one is made. */
  readonly maxWaiting: number;
  /** Time for which a profile is kept for other clients, in ms. */
  readonly keptMillis: number;
  /** Maximum number of profiles kept. */
  readonly maxKept: number;
}

const DEFAULTS: ProfileQueueOptions = { maxWaiting: 16, keptMillis: 10_000, maxKept: 8 };
/** Value of `Retry-After` when too many wait, in seconds. */
const RETRY_SECONDS = 5;

/** A profile that is requested or made. */
interface Task {
  readonly made: Promise<Uint8Array>;
  readonly gone: AbortController;
  /** Number of clients waiting for it. */
  clients: number;
  isDone: boolean;
}

/** Makes profiles one after another. Each is made once for all clients that request the same. */
export class ProfileQueue {
  readonly #options: ProfileQueueOptions;
  /** Tasks by key, in the order of their first request. */
  readonly #tasks: Map<string, Task> = new Map();
  #last: Promise<unknown> = Promise.resolve();
  #begun = 0;
  #made = 0;

  constructor(options: Partial<ProfileQueueOptions> = {}) {
    this.#options = { ...DEFAULTS, ...options };
  }

  /** Number of profiles that were made, failed or were abandoned. */
  get made(): number {
    return this.#made;
  }

  /** Number of profiles that are being made or wait. */
  get pending(): number {
    return this.#begun - this.#made;
  }

  /**
   * Resolves to the profile of this key, made now or a short time ago.
   *
   * @param signal aborted when the client disconnects; the work is stopped when its last client has
   * @throws HttpError 503 (rejects) when too many wait, or the error of `make`
   */
  async get(key: string, signal: AbortSignal, make: Make): Promise<Uint8Array> {
    signal.throwIfAborted();
    const task = this.#tasks.get(key) ?? this.#begin(key, make);
    task.clients += 1;
    const left = Promise.withResolvers<never>();
    const leave = () => left.reject(signal.reason);
    signal.addEventListener('abort', leave);
    try {
      return await Promise.race([task.made, left.promise]);
    } finally {
      signal.removeEventListener('abort', leave);
      task.clients -= 1;
      if (task.clients === 0 && !task.isDone) this.#giveUp(key, task);
    }
  }

  #begin(key: string, make: Make): Task {
    // One of the pending tasks does not wait: it is being made.
    if (this.pending > this.#options.maxWaiting) {
      throw new HttpError(503, `profiles: ${this.#options.maxWaiting} wait already`, RETRY_SECONDS);
    }
    const gone = new AbortController();
    const made = this.#last.then(() => {
      gone.signal.throwIfAborted();
      return make(gone.signal);
    });
    const task: Task = { made, gone, clients: 0, isDone: false };
    this.#tasks.set(key, task);
    this.#begun += 1;
    this.#last = made
      .then(
        () => this.#keep(key, task),
        () => this.#forget(key, task),
      )
      .then(() => {
        this.#made += 1;
      });
    return task;
  }

  #giveUp(key: string, task: Task): void {
    this.#forget(key, task);
    task.gone.abort();
  }

  #keep(key: string, task: Task): void {
    task.isDone = true;
    const kept = [...this.#tasks].filter(([, { isDone }]) => isDone);
    for (const [old, each] of kept.slice(0, -this.#options.maxKept)) this.#forget(old, each);
    setTimeout(() => this.#forget(key, task), this.#options.keptMillis).unref();
  }

  #forget(key: string, task: Task): void {
    if (this.#tasks.get(key) === task) this.#tasks.delete(key);
  }
}
