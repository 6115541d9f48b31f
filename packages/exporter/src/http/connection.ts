import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type HttpAnswer, sendAnswer } from './http-answer.js';
import { hasBody } from './http-request.js';
import type { Pace } from './pace.js';
import { RequestGate } from './request-gate.js';

/**
 * State of a connection:
 * - `idle`: no whole request has been read yet, or the last one was answered
 * - `working`: an answer is being made
 * - `refused`: the client sends requests too often, and its refusal is delayed
 * - `sending`: the answer is made, and the system has not accepted all of it
 */
export type ConnectionState = 'idle' | 'working' | 'refused' | 'sending';

/** Makes the answer to one request; never rejects. */
export type Answer = (request: IncomingMessage, signal: AbortSignal) => Promise<HttpAnswer>;

export interface ConnectionHandlers {
  readonly answer: Answer;
  readonly pace: Pace;
  /** Called when the state changes. `to` is undefined when the connection was closed. */
  moved(from: ConnectionState | undefined, to: ConnectionState | undefined): void;
}

/** Timeout for sending a whole request, and for an idle connection. */
const REQUEST_MILLIS = 5_000;
/** Timeout for a client that reads nothing of an answer. */
const STALLED_MILLIS = 15_000;
/** Delay of a refusal: without it, a client that repeats its request at once would keep the thread busy. */
const REFUSAL_MILLIS = 1_000;
const TOO_MANY_REQUESTS = 429;
const REQUEST_TIMEOUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';
/** Time for a client to read the notice that its request timed out. */
const LAST_WORDS_MILLIS = 1_000;

/** One connection. Answers its requests one after another: the next is read when the system has accepted the answer. */
export class Connection {
  /** The stream that an HTTP parser reads from. */
  readonly gate: RequestGate;
  readonly #socket: Socket;
  readonly #handlers: ConnectionHandlers;
  #state: ConnectionState | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, handlers: ConnectionHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.gate = new RequestGate(socket);
  }

  open(): void {
    this.gate.once('close', () => this.#leave());
    this.#socket.on('timeout', () => this.destroy());
    this.#becomeIdle();
  }

  receive(request: IncomingMessage, response: ServerResponse): void {
    clearTimeout(this.#timer);
    this.#moveTo('working');
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    response.once('finish', () => this.#becomeIdle());
    const last = hasBody(request);
    if (last) this.gate.discard();
    this.#after(this.#handlers.pace.delayMillis(performance.now()), () => {
      this.#handlers.answer(request, gone.signal).then(
        (answer) => this.#send(response, answer, last),
        () => this.destroy(),
      );
    });
  }

  destroy(): void {
    // Leave now rather than on the event `close`, which comes later: several connections may be cut in one turn.
    this.#leave();
    this.gate.destroy();
  }

  #send(response: ServerResponse, answer: HttpAnswer, last: boolean): void {
    if (this.#state === undefined) return;
    const isRefusal = answer.status === TOO_MANY_REQUESTS;
    if (isRefusal) this.#moveTo('refused');
    this.#after(isRefusal ? REFUSAL_MILLIS : 0, () => {
      this.#moveTo('sending');
      // A write in progress counts as activity.
      this.#socket.setTimeout(STALLED_MILLIS);
      sendAnswer(response, answer, last);
    });
  }

  /** Runs `work` after a delay, immediately for 0. The timer is cleared if the connection closes before. */
  #after(millis: number, work: () => void): void {
    const attempt = () => {
      try {
        work();
      } catch {
        this.destroy();
      }
    };
    if (millis <= 0) attempt();
    else this.#timer = setTimeout(attempt, millis).unref();
  }

  #becomeIdle(): void {
    if (this.#socket.destroyed) return;
    this.#socket.setTimeout(0);
    this.#moveTo('idle');
    this.#timer = setTimeout(() => this.#giveUp(), REQUEST_MILLIS).unref();
    this.gate.next();
  }

  /** Ends a connection that sent no whole request in time. */
  #giveUp(): void {
    if (!this.gate.hasPart) return this.destroy();
    this.gate.end(REQUEST_TIMEOUT);
    this.#timer = setTimeout(() => this.destroy(), LAST_WORDS_MILLIS).unref();
  }

  #leave(): void {
    if (this.#state === undefined) return;
    clearTimeout(this.#timer);
    this.#moveTo(undefined);
  }

  #moveTo(state: ConnectionState | undefined): void {
    const before = this.#state;
    this.#state = state;
    this.#handlers.moved(before, state);
  }
}
