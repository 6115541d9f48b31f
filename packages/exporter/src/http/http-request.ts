import type { IncomingMessage } from 'node:http';
import { checkHost } from './host-check.js';
import { HttpError } from './http-error.js';

/** A request that passed all checks. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD';
  /** The path as it was sent: nothing is decoded or normalized. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Tells clients apart, as far as that can be known: address and user agent. */
  readonly client: string;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

/** Longest user agent that tells clients apart. */
const MAX_AGENT_LENGTH = 200;

/**
 * Checks a request and returns its parts.
 *
 * @param listenHost the host that the server was told to listen on
 * @throws HttpError for what is not served
 */
export function readRequest(message: IncomingMessage, listenHost: string, signal: AbortSignal): HttpRequest {
  checkHosts(message, listenHost);
  const { method } = message;
  if (method !== 'GET' && method !== 'HEAD') throw new HttpError(405, 'only GET and HEAD are allowed');
  const { expect = '100-continue' } = message.headers;
  if (expect.toLowerCase() !== '100-continue') throw new HttpError(417, 'Expect: only 100-continue is known');
  if (hasBody(message)) throw new HttpError(400, `${method} with a body is not allowed`);
  const target = originForm(message.url ?? '', listenHost);
  const mark = target.indexOf('?');
  const agent = message.headers['user-agent'] ?? '';
  return {
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    client: `${message.socket.remoteAddress ?? ''} ${agent.slice(0, MAX_AGENT_LENGTH)}`,
    signal,
  };
}

/** Whether bytes follow the header of a request. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** HTTP/1.0 knows no Host; browsers, whom the check is about, send one always. */
function checkHosts({ rawHeaders, headers }: IncomingMessage, listenHost: string): void {
  const given = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  if (given.length > 1) throw new HttpError(400, 'Host: expected one only');
  if (headers.host !== undefined) checkHost(headers.host, listenHost);
}

/** The path with its query, of a target that may be a whole URL, as proxies are sent. */
function originForm(target: string, listenHost: string): string {
  if (target.startsWith('/')) return target;
  const [, authority, rest = ''] = /^http:\/\/([^/?#]*)([^#]*)$/i.exec(target) ?? [];
  if (authority === undefined) throw new HttpError(400, 'the request target is not a path');
  checkHost(authority, listenHost);
  return rest.startsWith('/') ? rest : `/${rest}`;
}
