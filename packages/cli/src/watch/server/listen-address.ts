import { isIPv6 } from 'node:net';
import type { ListenAddress } from '@heapray/exporter/http';

/** Parses `HOST:PORT` or `[IPv6]:PORT`. Undefined for other text. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, v6, name] = match;
  const port = Number(match[3]);
  if (port > 65535 || (v6 !== undefined && !isIPv6(v6))) return undefined;
  return { host: v6 ?? name!, port };
}
