import type { Socket } from 'node:net';
import { encodeFrame, type Frame, FrameReader } from './frames.js';

export interface ChannelHandlers {
  /** Receives a message. What it throws closes the channel. */
  received(frame: Frame): void;
  /** Called once, when the channel is closed by either side or by an error. */
  closed(why: string): void;
}

/** Messages over a socket. Never throws; an error closes it. */
export class Channel {
  readonly #socket: Socket;
  readonly #handlers: ChannelHandlers;
  readonly #reader: FrameReader;
  #why = 'the other process has ended or left';
  #isClosed = false;

  /** @param maxBodyBytes maximum length of the bytes of a received message */
  constructor(socket: Socket, maxBodyBytes: number, handlers: ChannelHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#reader = new FrameReader(maxBodyBytes);
    socket.on('data', (piece: Buffer) => this.#receive(piece));
    socket.on('error', (error) => this.close(error.message));
    socket.on('end', () => this.close(this.#why));
    socket.on('close', () => this.close(this.#why));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(header: object, body?: Uint8Array): void {
    if (!this.#isClosed && this.#socket.writable) this.#socket.write(encodeFrame(header, body));
  }

  /** Sends a last message, and closes. */
  end(header: object): void {
    if (this.#isClosed) return;
    // The peer closes when it has read this; `close` follows in case that it does not read.
    if (this.#socket.writable) this.#socket.end(encodeFrame(header));
    setTimeout(() => this.close(this.#why), LAST_MESSAGE_MILLIS).unref();
  }

  close(why: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroy();
    this.#handlers.closed(why);
  }

  #receive(piece: Buffer): void {
    try {
      for (const frame of this.#reader.push(piece)) {
        if (this.#isClosed) return;
        this.#handlers.received(frame);
      }
    } catch (error) {
      this.close((error as Error).message);
    }
  }
}

/** Time for the other side to read the last message, in ms. */
const LAST_MESSAGE_MILLIS = 500;
