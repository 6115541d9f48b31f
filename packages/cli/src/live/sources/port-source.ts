import type { LivePoll, LiveSource } from '../live-state.js';
import { HttpSource, type HttpSourceOptions } from './http-source.js';
import { LiveConnection } from './live-connection.js';

/** Time until the next try while no program listens, in ms. */
const RETRY_MILLIS = 500;
/** Number of connections closed before any data after which the port is given up. */
const MAX_REFUSALS = 20;
/** Time until the first data is looked for again, in ms. */
const FIRST_DATA_MILLIS = 50;

export interface PortSourceOptions extends HttpSourceOptions {
  /** Interval for an HTTP server; `intervalMillis` is that for a live port. */
  readonly httpIntervalMillis: number;
}

/**
 * A live port of this machine, of `memray run --live-remote` or of heapray. A port that answers HTTP is polled as a
 * debug server.
 */
export class PortSource implements LiveSource {
  readonly name: string;
  readonly #port: number;
  readonly #options: PortSourceOptions;
  #connection: LiveConnection | undefined;
  #http: HttpSource | undefined;
  /** Number of connections in a row that were closed before any data. */
  #refusals = 0;
  #isClosed = false;

  constructor(port: number, options: PortSourceOptions) {
    this.#port = port;
    this.#options = options;
    this.name = `port ${port}`;
  }

  get intervalMillis(): number {
    return this.#http?.intervalMillis ?? this.#options.intervalMillis;
  }

  async poll(signal: AbortSignal): Promise<LivePoll> {
    if (this.#http !== undefined) return this.#http.poll(signal);
    const connection = this.#connection ?? (await LiveConnection.open(this.#port));
    // The user has left meanwhile: an open connection would keep the process alive.
    if (this.#isClosed) {
      connection?.close();
      return { state: undefined, status: '' };
    }
    this.#connection = connection;
    if (connection === undefined) {
      const status = `waiting for a program at port ${this.#port}`;
      return { state: undefined, status, waitMillis: RETRY_MILLIS };
    }
    if (connection.kind === 'http') return this.#becomeHttp(signal);
    if (connection.kind === 'unknown') return { state: undefined, status: '', waitMillis: FIRST_DATA_MILLIS };
    if (connection.isRefused && this.#refusals < MAX_REFUSALS) return this.#tryAgain();
    const { state, end } = connection.read();
    this.#refusals = 0;
    if (end === undefined) return { state, status: '', ...(state ? {} : { waitMillis: FIRST_DATA_MILLIS }) };
    if (!this.#options.isWaiting) return { state, status: end.message, end };
    this.reconnect();
    return { state, status: `${end.message}; waiting for the next one`, waitMillis: RETRY_MILLIS };
  }

  reconnect(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.reconnect();
  }

  /** Handles a connection that was closed before any data: heapray does so while another viewer is connected. */
  #tryAgain(): LivePoll {
    this.#refusals += 1;
    this.reconnect();
    const status = `waiting for ${this.name}: another viewer is connected, or the program is ending`;
    return { state: undefined, status, waitMillis: RETRY_MILLIS };
  }

  #becomeHttp(signal: AbortSignal): Promise<LivePoll> {
    this.reconnect();
    const address = new URL(`http://localhost:${this.#port}`);
    const intervalMillis = this.#options.httpIntervalMillis;
    this.#http = new HttpSource(address, { ...this.#options, intervalMillis });
    return this.#http.poll(signal);
  }
}
