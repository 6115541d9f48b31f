import { isIP } from 'node:net';
import { HttpError } from '../http-error.js';

/** `name`, `name:port`, `[IPv6]` or `[IPv6]:port`. */
const AUTHORITY = /^(?:\[([^\]]*)\]|([^:[\]@/?#\s]+))(?::\d{0,5})?$/;
/** Names that every system resolves to itself, and that cannot be registered. */
const LOOPBACK_NAME =
  /^(?:(?:.+\.)?localhost|localhost\.localdomain|localhost4|localhost6|ip6-localhost|ip6-loopback)$/;

/**
 * Rejects requests for other hosts. Otherwise any web page could make its own name resolve to this machine (DNS
 * rebinding) and read what a browser can reach. Allowed with any port: loopback names, literal addresses, and the name
 * on which the server was started to listen.
 *
 * @param authority the value of `Host`, or the authority of an absolute URL
 * @throws HttpError 400 when it is malformed, 403 when it is not allowed
 */
export function checkHost(authority: string, listenHost: string): void {
  const [, address, name = ''] = AUTHORITY.exec(authority) ?? [];
  if (address === undefined && name === '') throw new HttpError(400, 'Host: expected HOST or HOST:PORT');
  if (address !== undefined) {
    if (isIP(address) === 6) return;
    throw new HttpError(400, 'Host: expected an IPv6 address between the brackets');
  }
  const plain = plainName(name);
  if (isIP(plain) === 4 || LOOPBACK_NAME.test(plain) || plain === plainName(listenHost)) return;
  throw new HttpError(
    403,
    'Host: this name is not allowed; use an IP address, localhost, or the name that the server is told to listen on',
  );
}

/** Normalizes a host name: case does not matter, and it may end in a dot. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
