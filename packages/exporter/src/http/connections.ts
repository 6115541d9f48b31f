import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Answer, Connection, type ConnectionState } from './connection.js';
import { Pace } from './pace.js';

/**
 * Most connections at once. A socket and its parser take some 10 KiB, and file descriptors are those of the whole process.
 * Whoever makes answers bounds how many are in work, to fewer than that.
 */
const MAX_CONNECTIONS = 128;
/** While fewer are idle, the others give way first: who has just come is idle, and needs time to send a request. */
const MIN_IDLE = 32;
const OTHERS: readonly ConnectionState[] = ['refused', 'sending', 'working', 'idle'];

/** All connections of a server. A new one is always accepted: the one that has been idle for longest gives way. */
export class Connections {
  readonly #answer: Answer;
  readonly #pace: Pace = new Pace();
  readonly #byGate: Map<Duplex, Connection> = new Map();
  /** Of each state, in the order in which they came into it. */
  readonly #inState: Readonly<Record<ConnectionState, Set<Connection>>> = {
    idle: new Set(),
    working: new Set(),
    refused: new Set(),
    sending: new Set(),
  };

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  /** Takes a connection. Returns what an HTTP parser reads from. */
  add(socket: Socket): Duplex {
    if (this.#byGate.size >= MAX_CONNECTIONS) this.#first()?.destroy();
    const connection: Connection = new Connection(socket, {
      answer: this.#answer,
      pace: this.#pace,
      moved: (from, to) => {
        if (from) this.#inState[from].delete(connection);
        if (to) this.#inState[to].add(connection);
        else this.#byGate.delete(connection.gate);
      },
    });
    this.#byGate.set(connection.gate, connection);
    connection.open();
    return connection.gate;
  }

  /** Takes a request that was read from one of the connections. */
  receive(request: IncomingMessage, response: ServerResponse): void {
    this.#byGate.get(request.socket)?.receive(request, response);
  }

  /** Cuts all connections. */
  destroyAll(): void {
    for (const connection of [...this.#byGate.values()]) connection.destroy();
  }

  /** The one that gives way. */
  #first(): Connection | undefined {
    const order = this.#inState.idle.size >= MIN_IDLE ? (['idle'] as const) : OTHERS;
    for (const state of order) for (const connection of this.#inState[state]) return connection;
    return undefined;
  }
}
