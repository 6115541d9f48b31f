import { HttpError } from '@heapray/exporter/http';

/** Makes something, until the signal says that nobody wants it any more. */
export type Make = (signal: AbortSignal) => Promise<Uint8Array>;

export interface ProfileQueueOptions {
  /** Profiles that may wait while one is made. */
  readonly maxWaiting: number;
  /** How long a profile is kept for others who want the same, ms. */
  readonly keptMillis: number;
  /** Profiles that are kept at most. */
  readonly maxKept: number;
}

const DEFAULTS: ProfileQueueOptions = { maxWaiting: 16, keptMillis: 10_000, maxKept: 8 };
/** When to ask again where too many wait, s. */
const RETRY_SECONDS = 5;

/** A profile that is wanted, or made. */
interface Task {
  readonly made: Promise<Uint8Array>;
  readonly gone: AbortController;
  /** Clients that wait for it. */
  clients: number;
  isDone: boolean;
}

/** Makes profiles one after another, each once for all clients that want the same. */
export class ProfileQueue {
  readonly #options: ProfileQueueOptions;
  /** By key, in the order in which they were wanted first. */
  readonly #tasks: Map<string, Task> = new Map();
  #last: Promise<unknown> = Promise.resolve();
  #begun = 0;
  #made = 0;

  constructor(options: Partial<ProfileQueueOptions> = {}) {
    this.#options = { ...DEFAULTS, ...options };
  }

  /** Profiles that were made, failed or were given up. */
  get made(): number {
    return this.#made;
  }

  /** Profiles that are made or wait. */
  get pending(): number {
    return this.#begun - this.#made;
  }

  /**
   * Resolves to the profile of this key, made now or a short while ago.
   *
   * @param signal says that the client has gone; the work ends with the last client that wants it
   * @throws HttpError 503 (rejects) when too many wait, or what `make` throws
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
    // One of them is made.
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
