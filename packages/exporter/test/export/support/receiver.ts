// Receivers in this process: HTTP servers that answer as a test says, and keep what they got.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { atEnd } from '../../../../../test/support/cleanup.js';

export interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
  /** Decompressed. */
  readonly body: Buffer;
}

export interface Receiver {
  /** `http://127.0.0.1:<port>` or `https://localhost:<port>`. */
  readonly url: string;
  readonly received: Received[];
}

/** Answers a request, which is the `count`th, from 1. */
export type Answerer = (response: http.ServerResponse, request: Received, count: number) => void;

/** Starts a receiver that lasts until the end of the test. */
export async function startReceiver(answer: Answerer, tls?: https.ServerOptions): Promise<Receiver> {
  const received: Received[] = [];
  const listener: http.RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return; // The sender has gone.
    }
    const raw = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const { method, url, headers } = request;
    const got = { method, path: url, headers, body };
    received.push(got);
    answer(response, got, received.length);
  };
  const server = tls === undefined ? http.createServer(listener) : https.createServer(tls, listener);
  const port = await listen(server);
  return { url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`, received };
}

/** Listens on a free port until the end of the test. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => {
    if (server instanceof http.Server || server instanceof https.Server) server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Returns an answer with a status and text. */
export function answerWith(status: number, text = '', headers: http.OutgoingHttpHeaders = {}): Answerer {
  return (response) => response.writeHead(status, headers).end(text);
}
