import { isIPv6 } from 'node:net';

/** Address on which a server listens. An IPv6 `host` has no brackets. Port 0 means any free port. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Returns `HOST:PORT`, with brackets around an IPv6 address. */
export function addressText({ host, port }: ListenAddress): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
