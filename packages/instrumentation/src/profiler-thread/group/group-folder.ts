import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { addressText, type ListenAddress } from '@heapray/exporter/http';

/** Longest path of a Unix socket, in bytes: macOS allows 103, Linux 107. */
const MAX_PATH_BYTES = 103;

/**
 * Returns the path of the socket on which processes with one address meet. Makes its folder, which only this user can
 * enter.
 *
 * @param server part of the name: servers of different kinds do not share an address
 * @param parents folders to make it in; the first is used in which that is possible, and whose path is short enough
 * @throws Error when there is none, with the reason of the first one
 */
export function groupSocket(
  server: string,
  address: ListenAddress,
  parents: readonly string[],
  platform: NodeJS.Platform = process.platform,
): string {
  const uid = process.getuid?.() ?? -1;
  const name = hashOf([server, addressText(address), os.hostname(), networkOf(), `${uid}`]);
  if (platform === 'win32') return `\\\\.\\pipe\\heapray-${os.userInfo().username}-${name}`;
  const sockets = parents.map((parent) => path.join(parent, `heapray-${uid}`, `${name}.sock`));
  const short = sockets.filter((each) => Buffer.byteLength(each) <= MAX_PATH_BYTES);
  const problems: unknown[] = [];
  for (const socket of short) {
    try {
      makeSocketFolder(socket);
      return socket;
    } catch (error) {
      problems.push(error);
    }
  }
  throw problems[0] ?? new Error('there is no folder with a path short enough for a socket');
}

/** Throws unless a socket's path is free, or a socket of this user is there. Returns whether there is one. */
export function checkSocket(socket: string): boolean {
  if (isPipe(socket)) return true;
  const stats = lstatSync(socket, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  checkPrivate(path.dirname(socket));
  if (!stats.isSocket()) throw new Error(`${socket} is not a socket`);
  if (stats.uid !== process.getuid?.()) throw new Error(`${socket} belongs to another user`);
  return true;
}

/** Returns whether a path is that of a named pipe of Windows, which is not a file. */
export function isPipe(socket: string): boolean {
  return socket.startsWith('\\\\.\\pipe\\');
}

/**
 * Makes the folder of a socket.
 *
 * @throws when that is not possible, or when the folder is not private
 */
export function makeSocketFolder(socket: string): void {
  const folder = path.dirname(socket);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  checkPrivate(folder);
}

/** Throws unless only this user can enter a folder. */
function checkPrivate(folder: string): void {
  // `lstat`: a link could lead to a folder of this user that others control.
  const stats = lstatSync(folder);
  if (!stats.isDirectory()) throw new Error(`${folder} is not a folder`);
  if (stats.uid !== process.getuid?.()) throw new Error(`${folder} belongs to another user`);
  if ((stats.mode & 0o077) !== 0) throw new Error(`${folder} is open to other users`);
}

/** Returns the network namespace: processes of several containers may have the same address and share a folder. */
function networkOf(): string {
  try {
    return readlinkSync('/proc/self/ns/net');
  } catch {
    return '';
  }
}

function hashOf(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 24);
}
