import { createHash, timingSafeEqual } from 'node:crypto';
import { HttpError } from '../http-error.js';
import type { HttpHandler } from '../start-http-server.js';

const BEARER = /^bearer +([^\s]+) *$/i;
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i;

/**
 * Returns the same pages for clients that send a token only: as `Authorization: Bearer TOKEN`, or as the password of any
 * user. Others get 401.
 *
 * @param token undefined to let all clients in
 */
export function withToken(
  routes: ReadonlyMap<string, HttpHandler>,
  token: string | undefined,
): ReadonlyMap<string, HttpHandler> {
  if (token === undefined) return routes;
  const expected = digest(token);
  const protect =
    (handler: HttpHandler): HttpHandler =>
    (request) => {
      // Comparing digests takes the same time for all tokens, whatever their length.
      if (timingSafeEqual(digest(tokenIn(request.authorization) ?? ''), expected)) return handler(request);
      throw new HttpError(401, 'Authorization: the token is missing or wrong (HEAPRAY_DEBUG_TOKEN)');
    };
  return new Map([...routes].map(([path, handler]) => [path, protect(handler)]));
}

function tokenIn(authorization = ''): string | undefined {
  const [, bearer] = BEARER.exec(authorization) ?? [];
  if (bearer !== undefined) return bearer;
  const [, basic] = BASIC.exec(authorization) ?? [];
  if (basic === undefined) return undefined;
  const user = Buffer.from(basic, 'base64').toString();
  return user.includes(':') ? user.slice(user.indexOf(':') + 1) : undefined;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
