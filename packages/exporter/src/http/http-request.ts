import type { IncomingMessage } from 'node:http';
import { checkHost } from './access/host-check.js';
import { HttpError } from './http-error.js';

/** A request that passed all checks. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD';
  /** The path as it was sent: nothing is decoded or normalized. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Identifies a client as far as possible: address and user agent. */
  readonly client: string;
  /** True if the client accepts a body compressed with gzip. */
  readonly acceptsGzip: boolean;
  /** Value of `Authorization`; undefined without it. */
  readonly authorization: string | undefined;
  /** Value of `If-None-Match`; undefined without it. */
  readonly ifNoneMatch: string | undefined;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
}

/** Maximum length of the user agent that is used to identify a client. */
const MAX_AGENT_LENGTH = 200;

/**
 * Checks a request and returns its parts.
 *
 * @param listenHost host on which the server was started to listen; undefined to accept any `Host`
 * @throws HttpError for an invalid request
 */
export function readRequest(
  message: IncomingMessage,
  listenHost: string | undefined,
  signal: AbortSignal,
): HttpRequest {
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
    acceptsGzip: acceptsGzip(`${message.headers['accept-encoding'] ?? ''}`),
    authorization: message.headers.authorization,
    ifNoneMatch: message.headers['if-none-match'],
    signal,
  };
}

/** Returns whether a request has a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** Returns whether a value of `Accept-Encoding` names gzip, with a weight other than 0. */
function acceptsGzip(value: string): boolean {
  return value.split(',').some((coding) => {
    const [name = '', ...parameters] = coding.split(';').map((part) => part.trim().toLowerCase());
    return name === 'gzip' && !parameters.some((each) => /^q=0(?:\.0*)?$/.test(each));
  });
}

/** Checks the header `Host`. It may be missing, as in HTTP/1.0: browsers, which the check protects, always send it. */
function checkHosts({ rawHeaders, headers }: IncomingMessage, listenHost: string | undefined): void {
  const given = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  if (given.length > 1) throw new HttpError(400, 'Host: expected one only');
  if (headers.host !== undefined && listenHost !== undefined) checkHost(headers.host, listenHost);
}

/** Returns the path and query of a request target, which may be an absolute URL, as clients send it to proxies. */
function originForm(target: string, listenHost: string | undefined): string {
  if (target.startsWith('/')) return target;
  const [, authority, rest = ''] = /^http:\/\/([^/?#]*)([^#]*)$/i.exec(target) ?? [];
  if (authority === undefined) throw new HttpError(400, 'the request target is not a path');
  if (listenHost !== undefined) checkHost(authority, listenHost);
  return rest.startsWith('/') ? rest : `/${rest}`;
}
