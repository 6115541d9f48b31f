import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** The empty line that ends the head of a request. */
const END_OF_HEAD = [0x0d, 0x0a, 0x0d, 0x0a] as const;
const CARRIAGE_RETURN = 0x0d;
/** Maximum number of bytes kept that follow the request in work. */
const MAX_HELD_BYTES = 16 * 1024;
/** Maximum length of a head. The parser rejects a longer one itself, as soon as it reads. */
const MAX_HEAD_BYTES = 64 * 1024;

/**
 * The part of a connection that an HTTP parser sees: the head of one request at a time. Without this, a parser reads
 * all requests of a packet at once, thousands of them, at some 50 us each, however few are wanted.
 */
export class RequestGate extends Duplex {
  readonly #socket: Socket;
  /** Number of bytes of {@link END_OF_HEAD} that the latest bytes match. */
  #matched = 0;
  #headBytes = 0;
  #state: 'open' | 'shut' | 'discarding' = 'open';
  #held: Buffer = Buffer.alloc(0);

  /**
   * Creates a gate.
   *
   * @param socket a paused socket; call `resume` on it when there is a parser
   */
  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.once('end', () => this.push(null));
    socket.once('close', () => this.destroy());
    this.on('error', () => {});
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  /** True if any bytes of the next request have arrived, valid or not. */
  get hasPart(): boolean {
    return this.#headBytes > 0;
  }

  /** Lets the next request through. */
  next(): void {
    if (this.#state !== 'shut') return;
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    this.#headBytes = 0;
    this.#state = 'open';
    if (held.length > 0) this.#receive(held);
  }

  /** Discards all bytes from now on: no other request is answered, and the client may continue to send. */
  discard(): void {
    this.#state = 'discarding';
    this.#held = Buffer.alloc(0);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #receive(bytes: Buffer): void {
    const end = this.#state === 'open' ? this.#endOfHead(bytes) : 0;
    // Push first: the parser reads synchronously, and the receiver of the request may call `discard`.
    if (end > 0) this.push(bytes.subarray(0, end));
    if (this.#state === 'discarding') return;
    this.#held = Buffer.concat([this.#held, bytes.subarray(end)]);
    if (this.#held.length > MAX_HELD_BYTES || this.#headBytes > MAX_HEAD_BYTES) this.destroy();
  }

  /** Returns how many of the bytes belong to the head. Shuts the gate where the head ends. */
  #endOfHead(bytes: Buffer): number {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === END_OF_HEAD[this.#matched]) this.#matched++;
      else this.#matched = byte === CARRIAGE_RETURN ? 1 : 0;
      if (this.#matched < END_OF_HEAD.length) continue;
      this.#matched = 0;
      this.#headBytes += at + 1;
      this.#state = 'shut';
      return at + 1;
    }
    this.#headBytes += bytes.length;
    return bytes.length;
  }
}
