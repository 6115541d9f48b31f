import type { ServerResponse } from 'node:http';
import type { HttpError } from './http-error.js';

/** What is sent for a request. */
export interface HttpAnswer {
  /** Default 200. */
  readonly status?: number;
  /** Media type. */
  readonly type: string;
  /** Undefined for an answer to HEAD whose body was not made: then its length is not told. */
  readonly body: string | Uint8Array | undefined;
  /** Headers beside the usual ones. */
  readonly headers?: Readonly<Record<string, string>>;
}

const PLAIN = 'text/plain; charset=utf-8';

export function textAnswer(body: string): HttpAnswer {
  return { type: PLAIN, body };
}

/** A page that may hold no script, and load nothing. */
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
  if (retryAfterSeconds !== undefined)
    headers['Retry-After'] = `${Math.max(1, Math.ceil(retryAfterSeconds))}`;
  return { status, type: PLAIN, body: `${message}\n`, headers };
}

/**
 * Hands an answer to Node, which leaves out the body of an answer to HEAD by itself.
 *
 * @param last whether the connection ends with it
 */
export function sendAnswer(response: ServerResponse, answer: HttpAnswer, last: boolean): void {
  const { status = 200, type, body, headers } = answer;
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
  const close = last ? { Connection: 'close' } : {};
  response.writeHead(status, {
    'Content-Type': type,
    'X-Content-Type-Options': 'nosniff',
    ...length,
    ...headers,
    ...close,
  });
  response.end(body);
}
