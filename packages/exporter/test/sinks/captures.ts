// Captures in temporary folders, and file systems that refuse calls.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { atEnd } from '../../../../test/support/cleanup.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { CaptureError, CaptureFile, type CaptureFileOptions, type CaptureFs } from '../../src/sinks/index.js';

export const NOW = Date.UTC(2026, 10, 23, 5, 59, 59, 123);
export const STAMP = '20261123T055959Z';

export function open(folder: string, options: Partial<CaptureFileOptions> = {}): CaptureFile {
  return CaptureFile.open({ folder, component: 'scheduler', now: () => NOW, ...options });
}

/** Opens, writes `text`, prunes and closes. */
export function capture(
  folder: string,
  text: string,
  options: Partial<CaptureFileOptions> = {},
): CaptureFile {
  const file = open(folder, options);
  file.append(Buffer.from(text));
  file.prune();
  file.close();
  return file;
}

export function contents(folder: string): Record<string, string> {
  const names = fs.readdirSync(folder).sort();
  return Object.fromEntries(names.map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]));
}

export function failure(call: () => unknown): CaptureError {
  try {
    call();
  } catch (error) {
    if (error instanceof CaptureError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Returns an error of the form that `node:fs` throws. */
export function systemError(code: string, reason: string, call: string): Error {
  return Object.assign(new Error(`${code}: ${reason}, ${call}`), { code });
}

export function fails(code: string, reason: string, call: string): () => never {
  return () => {
    throw systemError(code, reason, call);
  };
}

/** Returns a write that fails beyond `room()` bytes of a file. The last write before that is short, as on a disk. */
export function limited(room: () => number): CaptureFs['writeSync'] {
  const writeSync = (fd: number, bytes: Uint8Array, offset: number, length: number, position: number) => {
    const fits = Math.min(length, room() - position);
    if (fits <= 0) throw systemError('ENOSPC', 'no space left on device', 'write');
    return fs.writeSync(fd, bytes, offset, fits, position);
  };
  return writeSync as CaptureFs['writeSync'];
}

const SMALL_DISK_BYTES = 64 * 1024;

/** Returns a memory disk of 64 KiB, or where mounting is not allowed, a folder whose files are limited to that size. */
export function smallDisk(): { folder: string; fs: CaptureFs } {
  const folder = tempFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK_BYTES}`, 'tmpfs', folder], {
      stdio: 'ignore',
    });
  } catch {
    return { folder, fs: { ...fs, writeSync: limited(() => SMALL_DISK_BYTES) } };
  }
  // Lazily, because a program that scans all disks must not block it.
  atEnd(() => execFileSync('umount', ['-l', folder]));
  return { folder, fs };
}

/** Drops root privileges until the test ends, because root may write everywhere. */
export function becomeNobody(): void {
  if (process.geteuid?.() !== 0) return;
  process.seteuid?.(65_534);
  atEnd(() => process.seteuid?.(0));
}
