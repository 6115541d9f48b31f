import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A TCP socket that listens. */
export interface ListeningPort {
  /** IP address; an IPv6 address has no brackets. */
  readonly host: string;
  readonly port: number;
  /** Number of the socket in the system. */
  readonly inode: string;
}

const LISTENING = '0A';
const FILES = ['tcp', 'tcp6'] as const;
const EVERY_HOST: ReadonlySet<string> = new Set(['0.0.0.0', '::', '::ffff:0.0.0.0']);
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/** Returns the ports that a process listens on. Empty if it has ended. */
export function portsOf(pid: number): readonly ListeningPort[] {
  const own = new Set(socketsOf(pid));
  return portsInNetworkOf(pid).filter(({ inode }) => own.has(inode));
}

/** Returns all listening ports of the network that a process is in. */
export function portsInNetworkOf(pid: number): readonly ListeningPort[] {
  return FILES.flatMap((file) => {
    try {
      return parsePorts(readFileSync(`/proc/${pid}/net/${file}`, 'latin1'));
    } catch {
      // The process has ended, or the system has no IPv6.
      return [];
    }
  });
}

/** Parses the listening ports of `/proc/PID/net/tcp` or `tcp6`. */
export function parsePorts(text: string): readonly ListeningPort[] {
  return text.split('\n').flatMap((row) => {
    const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
    const [, address, port] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local) ?? [];
    if (state !== LISTENING || address === undefined || port === undefined) return [];
    return [{ host: hostOf(address), port: Number.parseInt(port, 16), inode }];
  });
}

/** Returns whether a socket on this address prevents one on port `port` of 127.0.0.1. */
export function isInTheWay({ host, port }: ListeningPort, wanted: number): boolean {
  return port === wanted && (EVERY_HOST.has(host) || host === '127.0.0.1' || host === '::ffff:127.0.0.1');
}

/** Returns whether only programs of this machine can connect. */
export function isLoopback({ host }: ListeningPort): boolean {
  return LOOPBACK.has(host);
}

/** Returns `HOST:PORT` for a URL, of an address that leads to the socket from this machine. */
export function urlHost({ host, port }: Pick<ListeningPort, 'host' | 'port'>): string {
  if (host === '0.0.0.0' || host.startsWith('::ffff:')) return `127.0.0.1:${port}`;
  if (host === '::') return `[::1]:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Returns the ID of the process that has a socket; undefined if it is of another user or has ended. */
export function ownerOf({ inode }: ListeningPort): number | undefined {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).find((pid) => socketsOf(pid).includes(inode));
}

/** Returns the numbers of all sockets of a process. */
function socketsOf(pid: number): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1] ?? [];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
}

/** Returns an address that the system gives as words of 32 bits, each in the order of the processor. */
function hostOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  if (isLittleEndian) bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at));
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return `::ffff:${bytes.subarray(12).join('.')}`;
  if (groups.slice(0, 7).every((group) => group === 0))
    return groups[7] === 0 ? '::' : `::${groups[7]!.toString(16)}`;
  return groups.map((group) => group.toString(16)).join(':');
}

const isLittleEndian: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
