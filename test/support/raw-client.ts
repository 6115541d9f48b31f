// A client that sends exact bytes, and reads only on request.
import { once } from 'node:events';
import net from 'node:net';
import { atEnd } from './cleanup.js';
import { pollUntil } from './poll.js';

export interface RawClient {
  readonly socket: net.Socket;
  /** Returns everything received, as Latin-1. */
  received(): string;
  isClosed(): boolean;
  /** Waits until the received text matches. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  /** Waits until the connection has ended, and returns everything received. */
  waitForEnd(): Promise<string>;
}

/** Connects, and sends a text. */
export async function rawClient(port: number, text = '', host = '127.0.0.1'): Promise<RawClient> {
  const socket = net.connect(port, host);
  const parts: string[] = [];
  let closed = false;
  socket.on('data', (part: Buffer) => void parts.push(part.toString('latin1')));
  socket.on('error', () => {});
  socket.once('close', () => {
    closed = true;
  });
  atEnd(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(text);
  const received = () => parts.join('');
  return {
    socket,
    received,
    isClosed: () => closed,
    waitFor: (pattern) =>
      pollUntil(() => pattern.exec(received()) ?? false, { what: `${pattern} in what was received` }),
    waitForEnd: async () => {
      await pollUntil(() => closed, { what: 'the end of the connection' });
      return received();
    },
  };
}

/** Returns a request with only a Host header. */
export function requestText(path: string, { method = 'GET', host = '127.0.0.1' } = {}): string {
  return `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
}

/** Sends one request, and returns the status and the body of its answer. */
export async function askRaw(port: number, text: string): Promise<{ status: number; answer: string }> {
  const client = await rawClient(port, text);
  const [, status] = await client.waitFor(/^HTTP\/1\.1 (\d{3}) [\s\S]*\r\n\r\n/);
  client.socket.end();
  return { status: Number(status), answer: await client.waitForEnd() };
}
