import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import net, { type AddressInfo, isIPv6, type Socket } from 'node:net';
import { Connections } from './connections.js';
import { errorAnswer, type HttpAnswer, textAnswer } from './http-answer.js';
import { HttpError } from './http-error.js';
import { type HttpRequest, readRequest } from './http-request.js';

/** Address on which a server listens. An IPv6 `host` has no brackets. Port 0 means any free port. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Returns `HOST:PORT`, with brackets around an IPv6 address. */
export function addressText({ host, port }: ListenAddress): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Returns the response for a path.
 *
 * @throws HttpError (throws or rejects) to reject the request
 */
export type HttpHandler = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;

export interface HttpServer {
  readonly address: ListenAddress;
  /** Stops accepting connections, and cuts the existing ones. */
  close(): void;
}

export interface HttpServerOptions {
  /** Accepts any name in `Host`: for pages that a web page of others may read. Default: false, see {@link checkHost}. */
  readonly anyHost?: boolean;
  /** Page that the message for an unknown path names. Default: `/debug/pprof/`. */
  readonly index?: string;
}

const MAX_HEADER_BYTES = 16 * 1024;
const METHOD_NOT_ALLOWED = 'HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nConnection: close\r\n\r\n';

/**
 * Serves GET and HEAD on known paths, and always `/healthz` (`ok`). Made for servers inside other programs:
 *
 * - Node's `http` is loaded with the first connection. It takes 3 MiB on a thread of its own, or 8 MiB where the main
 *   thread has not loaded it, and most processes never get a request.
 * - One request of a connection is in work at a time, and 16 KiB of others may wait. The client must read the response
 *   before the next request is handled. In all, some 200 requests a second are answered.
 * - A client that sends no whole request within 5 s, or reads nothing for 15 s, is cut off.
 * - There is always room for one more connection: the longest idle one is cut.
 * - `Host` is checked: see {@link checkHost}.
 *
 * @throws (rejects) the system's error when the address is taken or not permitted
 */
export async function startHttpServer(
  listen: ListenAddress,
  routes: ReadonlyMap<string, HttpHandler>,
  { anyHost = false, index }: HttpServerOptions = {},
): Promise<HttpServer> {
  const host = anyHost ? undefined : listen.host;
  const connections = new Connections(async (message, signal) => {
    try {
      return await answerRequest(routes, readRequest(message, host, signal), index);
    } catch (error) {
      return answerOfError(error);
    }
  });
  // Pause new connections until `http` is loaded.
  const acceptor = net.createServer({ pauseOnConnect: true });
  let loading: Promise<Server> | undefined;
  acceptor.on('connection', (socket: Socket) => {
    socket.on('error', () => {});
    const connection = connections.add(socket);
    loading ??= loadHttp(connections);
    loading.then(
      (server) => {
        if (socket.destroyed) return;
        server.emit('connection', connection);
        socket.resume();
      },
      () => socket.destroy(),
    );
  });
  // Exclusive: in a worker of `cluster`, the socket would be shared with all workers, and each answers only some
  // requests.
  acceptor.listen({ port: listen.port, host: listen.host, exclusive: true });
  await once(acceptor, 'listening');
  acceptor.on('error', () => {});
  const { address, port } = acceptor.address() as AddressInfo;
  return {
    address: { host: address, port },
    close() {
      acceptor.close();
      connections.destroyAll();
    },
  };
}

/** Creates an HTTP server that does not listen itself. {@link Connections} counts and times its connections. */
async function loadHttp(connections: Connections): Promise<Server> {
  const http = await import('node:http');
  const server = http.createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    insecureHTTPParser: false,
    keepAliveTimeout: 5_000,
    headersTimeout: 0,
    requestTimeout: 0,
  });
  const receive = (request: IncomingMessage, response: ServerResponse) =>
    connections.receive(request, response);
  // Without a listener for `checkContinue`, Node would ask the client to send the unwanted body.
  server.on('request', receive).on('checkContinue', receive).on('checkExpectation', receive);
  server.on('connect', (_request, socket) => void socket.end(METHOD_NOT_ALLOWED));
  server.on('error', () => {});
  return server;
}

/**
 * Answers a request as a server with these routes does. Never rejects: an error of a handler is an answer.
 *
 * @param index page that the message for an unknown path names
 */
export async function answerRequest(
  routes: ReadonlyMap<string, HttpHandler>,
  request: HttpRequest,
  index = '/debug/pprof/',
): Promise<HttpAnswer> {
  try {
    if (request.path === '/healthz') return textAnswer('ok\n');
    const handler = routes.get(request.path);
    if (handler === undefined) throw new HttpError(404, `no such page; see ${index}`);
    return await handler(request);
  } catch (error) {
    return withMark(request.path, answerOfError(error));
  }
}

/** Marks an error below `/debug/pprof` as Go's server does, so that `go tool pprof` shows its text. */
function withMark(path: string, answer: HttpAnswer): HttpAnswer {
  if (!path.startsWith('/debug/pprof/')) return answer;
  return { ...answer, headers: { ...answer.headers, 'X-Go-Pprof': '1' } };
}

function answerOfError(error: unknown): HttpAnswer {
  if (error instanceof HttpError) return errorAnswer(error);
  return errorAnswer(
    new HttpError(500, error instanceof Error ? error.message : 'the answer could not be made'),
  );
}
