import type { Log } from '../../protocol/log.js';
import { currentProfiler } from '../profiler/shared-profiler.js';
import { type ApplicationListens, conflict, type ListenAddress } from './application-listens.js';

/**
 * Frees the debug server's port when a server of the application asks for it, also if another process of the group has
 * it. The application did not ask for a debug server, and a port in use may end it.
 */
export function guardDebugServer(listens: ApplicationListens, log: Log): void {
  listens.onListen((asked) => {
    const profiler = currentProfiler();
    const address = profiler?.pages.groupDebugAddress;
    if (!profiler || address === undefined || !conflict(asked, parsed(address))) return;
    const how = profiler.pages.yieldDebugPort() ? 'closed' : 'being closed';
    const advice = 'set HEAPRAY_DEBUG_ADDR to another address, or to off';
    log('warn', `debug server: ${how}, because the application itself uses ${address}; ${advice}`);
  });
}

/** Parses `host:port` or `[IPv6]:port`. */
function parsed(address: string): ListenAddress {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: +address.slice(at + 1) };
}
