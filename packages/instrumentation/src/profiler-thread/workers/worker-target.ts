/** Answer to a command of the inspector's protocol. */
export type Answer =
  | { readonly result: Readonly<Record<string, unknown>> }
  | { readonly error: { readonly message: string } };

/** Error of commands whose worker has ended. */
export const ENDED = 'the worker has ended';

interface Message {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** The inspector session of a worker thread. Its messages travel inside those of the main thread's session. */
export class WorkerTarget {
  /** Node's `threadId`; NaN for a title without it. */
  readonly threadId: number;
  /** Name that the application gave the thread; empty without one. */
  readonly threadName: string;
  readonly #send: (message: string) => void;
  readonly #pending = new Map<number, (answer: Answer) => void>();
  #sent = 0;
  #parseMillis = 0;
  #hasEnded = false;

  /**
   * @param title e.g. `[worker 3] crawler`
   * @param send passes a message on to the worker
   */
  constructor(title: string, send: (message: string) => void) {
    const [, id, name = ''] = /^\[worker (\d+)\]\s*(.*)$/s.exec(title) ?? [];
    this.threadId = Number(id ?? Number.NaN);
    // Newer versions of Node have this name for those without one.
    this.threadName = name === 'WorkerThread' ? '' : name;
    this.#send = send;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Time that parsing the worker's messages has taken, in ms: theirs and that of those around them. */
  get parseMillis(): number {
    return this.#parseMillis;
  }

  /** Sends a command. The worker answers from any loop, but not while it is inside native code. Never rejects. */
  ask(method: string, params: object = {}): Promise<Answer> {
    return new Promise((resolve) => {
      if (this.#hasEnded) return resolve({ error: { message: ENDED } });
      const id = ++this.#sent;
      this.#pending.set(id, resolve);
      this.#send(JSON.stringify({ id, method, params }));
    });
  }

  /** Takes a message of the worker. */
  receive(text: string): void {
    const begun = performance.now();
    const { id, result = {}, error } = JSON.parse(text) as Message;
    // The message around this one has been parsed before.
    this.#parseMillis += 2 * (performance.now() - begun);
    const resolve = this.#pending.get(id ?? 0);
    this.#pending.delete(id ?? 0);
    resolve?.(error ? { error } : { result });
  }

  /** Records that the worker has ended. */
  end(): void {
    this.#hasEnded = true;
    for (const resolve of this.#pending.values()) resolve({ error: { message: ENDED } });
    this.#pending.clear();
  }
}
