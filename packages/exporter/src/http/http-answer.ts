import type { ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import type { HttpError } from './http-error.js';

/** The response to a request. */
export interface HttpAnswer {
  /** Default 200. */
  readonly status?: number;
  /** Media type. */
  readonly type: string;
  /** Undefined for a response to HEAD whose body was not made. Then the length is not sent. */
  readonly body: string | Uint8Array | undefined;
  /** Headers in addition to the usual ones. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A long body, in place of `body`: it is read as fast as the client takes it. */
  readonly stream?: BodyStream;
}

/** A body in pieces. */
export interface BodyStream {
  /** Length of all pieces together. */
  readonly bytes: number;
  /** An error ends the connection, so that the client sees an incomplete body. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

const PLAIN = 'text/plain; charset=utf-8';

export function textAnswer(body: string): HttpAnswer {
  return { type: PLAIN, body };
}

/** Returns a page that may not contain scripts or load anything. */
export function htmlAnswer(body: string): HttpAnswer {
  const headers = { 'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'" };
  return { type: 'text/html; charset=utf-8', body, headers };
}

export function redirectAnswer(location: string): HttpAnswer {
  return { status: 307, type: PLAIN, body: `see ${location}\n`, headers: { Location: location } };
}

export function errorAnswer({ status, message, retryAfterSeconds }: HttpError): HttpAnswer {
  const headers: Record<string, string> = {};
  if (status === 405) headers.Allow = 'GET, HEAD';
  // Browsers, `go tool pprof` and `curl -u` can send a password only.
  if (status === 401) headers['WWW-Authenticate'] = 'Bearer realm="heapray", Basic realm="heapray"';
  if (retryAfterSeconds !== undefined)
    headers['Retry-After'] = `${Math.max(1, Math.ceil(retryAfterSeconds))}`;
  return { status, type: PLAIN, body: `${message}\n`, headers };
}

/**
 * Sends a response. Node itself omits the body of a response to HEAD.
 *
 * @param last whether the connection is closed afterwards
 */
export function sendAnswer(response: ServerResponse, answer: HttpAnswer, last: boolean): void {
  const { status = 200, body, stream } = answer;
  response.writeHead(status, { ...answerHeaders(answer), ...(last && { Connection: 'close' }) });
  if (stream === undefined) response.end(body);
  // It destroys the response of a failed source, and ends the source of a client that has gone.
  else pipeline(Readable.from(stream.pieces), response, () => {});
}

/** Returns all headers of a response. */
export function answerHeaders({ type, body, stream, headers }: HttpAnswer): Record<string, string> {
  const bytes = stream?.bytes ?? (body === undefined ? undefined : Buffer.byteLength(body));
  return {
    'Content-Type': type,
    'X-Content-Type-Options': 'nosniff',
    ...(bytes !== undefined && { 'Content-Length': `${bytes}` }),
    ...headers,
  };
}
