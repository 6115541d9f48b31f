import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Answer, Connection, type ConnectionState } from './connection.js';
import { Pace } from './pace.js';

/**
 * Maximum number of connections. A socket and its parser take some 10 KiB, and all parts of the process share its file
 * descriptors. The routes limit how many answers are in work, to fewer than this.
 */
const MAX_CONNECTIONS = 128;
/**
 * While fewer connections are idle than this, others are cut first: a new connection is idle and needs time to send a
 * request.
 */
const MIN_IDLE = 32;
const OTHERS: readonly ConnectionState[] = ['refused', 'sending', 'working', 'idle'];

/**
 * All connections of a server. A new one is always accepted: if there are too many, another is cut, usually the longest
 * idle.
 */
export class Connections {
  readonly #answer: Answer;
  readonly #pace: Pace = new Pace(MAX_CONNECTIONS);
  readonly #byGate: Map<Duplex, Connection> = new Map();
  /** Connections of each state, in the order in which they entered it. */
  readonly #inState: Readonly<Record<ConnectionState, Set<Connection>>> = {
    idle: new Set(),
    working: new Set(),
    refused: new Set(),
    sending: new Set(),
  };

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  /** Adds a connection. Returns the stream that an HTTP parser reads from. */
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

  /** Handles a request that was read from one of the connections. */
  receive(request: IncomingMessage, response: ServerResponse): void {
    this.#byGate.get(request.socket)?.receive(request, response);
  }

  /** Cuts all connections. */
  destroyAll(): void {
    for (const connection of [...this.#byGate.values()]) connection.destroy();
  }

  /** Returns the connection to cut when there are too many. */
  #first(): Connection | undefined {
    const order = this.#inState.idle.size >= MIN_IDLE ? (['idle'] as const) : OTHERS;
    for (const state of order) for (const connection of this.#inState[state]) return connection;
    return undefined;
  }
}
