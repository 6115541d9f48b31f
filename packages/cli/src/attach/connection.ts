import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../errors.js';

// biome-ignore lint/suspicious/noExplicitAny: each method of the protocol has an answer of its own shape.
export type Answer = any;

type Listener = (params: Answer) => void;

interface Waiting {
  readonly method: string;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** Time for the other side to close the connection too, in ms. */
const CLOSE_MILLIS = 1_000;

/** Error for a connection that the other side has closed. */
export class ConnectionLost extends CommandError {}

/** A connection to an inspector, which speaks the DevTools protocol over a WebSocket. */
export class InspectorConnection {
  /** Resolves when the connection is closed, by either side. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #waiting: Map<number, Waiting> = new Map();
  readonly #listeners: Map<string, Listener[]> = new Map();
  #lastId = 0;
  #isClosed = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#receive(String(data)));
    this.closed = new Promise((resolve) => {
      socket.addEventListener('close', () => {
        this.#fail();
        resolve();
      });
    });
  }

  /**
   * Connects to the WebSocket at `url`.
   *
   * @throws CommandError (rejects) if it cannot be connected to in time
   */
  static async open(url: string, timeoutMillis: number): Promise<InspectorConnection> {
    const socket = new WebSocket(url);
    const opened = new Promise<boolean>((resolve) => {
      socket.addEventListener('open', () => resolve(true));
      socket.addEventListener('error', () => resolve(false));
      socket.addEventListener('close', () => resolve(false));
    });
    const timeout = new AbortController();
    const isOpen = await Promise.race([
      opened,
      delay(timeoutMillis, false, { signal: timeout.signal }).catch(() => false),
    ]);
    timeout.abort();
    if (isOpen) return new InspectorConnection(socket);
    socket.close();
    throw new CommandError(`${url}: the inspector does not answer`);
  }

  /**
   * Calls a method of the protocol.
   *
   * @throws CommandError (rejects) with the error of the method; ConnectionLost if the connection ends before the answer
   */
  post(method: string, params: object = {}): Promise<Answer> {
    if (this.#isClosed) return Promise.reject(lost(method));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { method, resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** Calls `listener` with the parameters of each event of this name. */
  on(event: string, listener: Listener): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  /** Closes the connection. Never rejects. */
  async close(): Promise<void> {
    this.#socket.close();
    const timeout = new AbortController();
    await Promise.race([
      this.closed,
      delay(CLOSE_MILLIS, undefined, { signal: timeout.signal }).catch(() => {}),
    ]);
    timeout.abort();
    this.#fail();
  }

  #receive(text: string): void {
    const { id, result, error, method, params } = messageIn(text);
    if (id === undefined) {
      for (const listener of this.#listeners.get(method) ?? []) listener(params);
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new CommandError(`${waiting.method}: ${error.message}`));
  }

  #fail(): void {
    this.#isClosed = true;
    for (const { method, reject } of this.#waiting.values()) reject(lost(method));
    this.#waiting.clear();
  }
}

/** Returns a message of the inspector; an empty one for other text. */
function messageIn(text: string): Answer {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

function lost(method: string): ConnectionLost {
  return new ConnectionLost(`${method}: the program has ended, or has closed its inspector`);
}
