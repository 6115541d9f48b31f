import net from 'node:net';
import { type CaptureEnd, GrowingCapture } from '@heapray/exporter/memray';
import { CommandError, codeOf, messageOf } from '../../errors.js';
import { ownPackage } from '../../own-package.js';
import type { LiveEnd, LiveState } from '../live-state.js';
import { CaptureStates } from './capture-live-state.js';

/** Timeout for each address of this machine, in ms. It responds at once unless it is very busy. */
const CONNECT_MILLIS = 10_000;
/**
 * Time after which a silent program is asked whether it is an HTTP server, in ms. A live port sends its capture at once
 * and reads nothing. Unread data would reset the connection at its end, so only a silent program is asked.
 */
const SILENT_MILLIS = 500;
const HTTP_REQUEST = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
const HTTP_RESPONSE = Buffer.from('HTTP/');

/** A connection to a live port, whose data is read as it arrives. */
export class LiveConnection {
  readonly #name: string;
  readonly #socket: net.Socket;
  readonly #capture: GrowingCapture = new GrowingCapture({}, { ownPackage });
  readonly #states: CaptureStates = new CaptureStates(this.#capture);
  readonly #silence: NodeJS.Timeout;
  /** First bytes, until they show what they are. */
  #head: Buffer = Buffer.alloc(0);
  #kind: 'unknown' | 'capture' | 'http' = 'unknown';
  #isClosed = false;
  #failure: CommandError | undefined;

  private constructor(name: string, socket: net.Socket) {
    this.#name = name;
    this.#socket = socket;
    this.#silence = setTimeout(() => socket.write(HTTP_REQUEST), SILENT_MILLIS);
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', (error) => {
      // A program that is killed resets the connection, which ends the data normally.
      if (codeOf(error) !== 'ECONNRESET') this.#fail(error);
    });
    socket.on('close', () => this.#close());
  }

  /**
   * Connects to a port of this machine. Undefined if no program listens.
   *
   * @throws CommandError (rejects) if it cannot be connected to
   */
  static async open(port: number): Promise<LiveConnection | undefined> {
    const socket = net.connect({
      port,
      host: 'localhost',
      autoSelectFamilyAttemptTimeout: CONNECT_MILLIS,
    });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('error', reject);
      });
    } catch (cause) {
      socket.destroy();
      if (isRefused(cause)) return undefined;
      throw new CommandError(`port ${port}: ${messageOf(cause)}`, { cause });
    }
    return new LiveConnection(`port ${port}`, socket);
  }

  /** Kind of data that the program sends; `unknown` before its first bytes. */
  get kind(): 'unknown' | 'capture' | 'http' {
    return this.#kind;
  }

  /** True if the program has closed the connection before any data. */
  get isRefused(): boolean {
    return this.#isClosed && this.#head.length === 0 && this.#failure === undefined;
  }

  /**
   * Returns the state of the data that has arrived.
   *
   * @throws CommandError if the data is not a capture
   */
  read(): { readonly state: LiveState | undefined; readonly end: LiveEnd | undefined } {
    if (this.#failure !== undefined) throw this.#failure;
    const state = this.#states.now(Date.now(), !this.#isEnded);
    return { state, end: this.#isEnded ? this.#end() : undefined };
  }

  close(): void {
    clearTimeout(this.#silence);
    this.#socket.removeAllListeners().on('error', () => {});
    this.#socket.destroy();
  }

  get #isEnded(): boolean {
    return this.#isClosed || this.#capture.complete || this.#capture.damage !== undefined;
  }

  #end(): LiveEnd {
    let capture: CaptureEnd;
    try {
      capture = this.#capture.end();
    } catch (cause) {
      throw this.#fail(cause);
    }
    return capture.complete
      ? { kind: 'ended', message: 'the program has ended', capture }
      : { kind: 'lost', message: 'the remote has disconnected', capture };
  }

  #receive(bytes: Buffer): void {
    clearTimeout(this.#silence);
    if (this.#kind === 'http' || this.#failure !== undefined) return;
    this.#head = this.#kind === 'unknown' ? Buffer.concat([this.#head, bytes]) : bytes;
    if (this.#kind === 'unknown') this.#decide();
    if (this.#kind !== 'capture') return;
    try {
      this.#capture.push(this.#head);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #decide(): void {
    const start = this.#head.subarray(0, HTTP_RESPONSE.length);
    if (!HTTP_RESPONSE.subarray(0, start.length).equals(start)) this.#kind = 'capture';
    else if (start.length === HTTP_RESPONSE.length) this.#kind = 'http';
  }

  #close(): void {
    clearTimeout(this.#silence);
    this.#isClosed = true;
    if (this.#kind === 'unknown') this.#kind = 'capture';
  }

  #fail(cause: unknown): CommandError {
    this.#failure ??= new CommandError(`${this.#name}: ${messageOf(cause)}`, { cause });
    this.#socket.destroy();
    return this.#failure;
  }
}

/**
 * Returns whether no program listens. If localhost has several addresses, the error combines all of them. Some may be
 * unusable on this machine, such as ::1 without IPv6, so one that is refused is enough to wait.
 */
function isRefused(cause: unknown): boolean {
  if (cause instanceof AggregateError) return cause.errors.some(isRefused);
  return codeOf(cause) === 'ECONNREFUSED';
}
