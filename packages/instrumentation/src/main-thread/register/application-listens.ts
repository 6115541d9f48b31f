import { subscribe } from 'node:diagnostics_channel';
import net from 'node:net';
import { SafeNumber, SafeSet } from '../../protocol/primordials.js';
import { contained, type OnThrown } from '../containment/contain.js';

/** Address that a TCP server listens on or tries to. */
export interface ListenAddress {
  /** Name or IP address; undefined for all interfaces. */
  readonly host: string | undefined;
  readonly port: number;
}

interface ListenMessage {
  readonly options?: { readonly host?: unknown; readonly port?: unknown };
}

type Listener = (address: ListenAddress) => void;

/**
 * Node's diagnostics channel for calls of `net.Server.listen`, published before the port opens. Nothing is
 * patched.
 */
const CHANNEL = 'tracing:net.server.listen:asyncStart';
const ALL_INTERFACES = new SafeSet(['', '0.0.0.0', '::']);

/**
 * Records the ports that the servers of this process, HTTP servers included, ask for from now on. Those of heapray's own
 * servers are not among them: they are of another thread.
 */
export class ApplicationListens {
  readonly #listeners = new SafeSet<Listener>();
  #asked: ListenAddress[] = [];

  /** @param onThrown called with what a listener throws */
  constructor(onThrown: OnThrown) {
    const onListen = contained((message: unknown) => this.#onListen(message as ListenMessage), onThrown);
    subscribe(CHANNEL, onListen);
  }

  /** Returns true if a server of the application has asked for a conflicting address. */
  hasAsked(address: ListenAddress): boolean {
    return this.#asked.some((asked) => conflict(asked, address));
  }

  /** Calls back before a server of the application opens its port, until the returned function is called. */
  onListen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #onListen({ options }: ListenMessage): void {
    const port = SafeNumber(options?.port);
    if (!(port > 0)) return;
    const host = typeof options?.host === 'string' ? options.host : undefined;
    const address = { host, port };
    // Keep the last 100: a program may open ports without end.
    if (!this.hasAsked(address)) this.#asked = [...this.#asked.slice(-99), address];
    this.#listeners.forEach((listener) => {
      listener(address);
    });
  }
}

/**
 * Returns true if two servers cannot have these addresses at the same time. A host name may stand for any
 * address.
 */
export function conflict(one: ListenAddress, other: ListenAddress): boolean {
  if (one.port !== other.port) return false;
  return isAny(one.host) || isAny(other.host) || one.host === other.host;
}

function isAny(host: string | undefined): boolean {
  return host === undefined || ALL_INTERFACES.has(host) || net.isIP(host) === 0;
}
