import fs from 'node:fs';
import path from 'node:path';

/** The usable part of a package.json. */
export interface Manifest {
  readonly name: string | undefined;
  readonly version: string | undefined;
}

/** Reads the manifest in a folder; undefined when there is none that can be read. Never throws. */
export type ReadManifest = (folder: string) => Manifest | undefined;

const MAX_MANIFEST_BYTES = 1024 * 1024;
/** Some file systems say that a file is empty that is not. */
const MIN_READ_BYTES = 4096;
/** npm's own limit for a name; versions are held to the same. */
const MAX_TEXT = 214;

const { O_RDONLY, O_NONBLOCK = 0, O_NOCTTY = 0 } = fs.constants;

/** Reads `package.json` in a folder, if it is a regular file of at most 1 MiB. */
export const readManifest: ReadManifest = (folder) => {
  try {
    const text = readSmallFile(path.join(folder, 'package.json'));
    if (text === undefined) return undefined;
    const content: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    if (typeof content !== 'object' || content === null || Array.isArray(content)) return undefined;
    const { name, version } = content as { name?: unknown; version?: unknown };
    return { name: usable(name), version: usable(version) };
  } catch {
    return undefined;
  }
};

/** The text of a regular file of at most 1 MiB; undefined of any other. */
function readSmallFile(file: string): string | undefined {
  // Opening a device may do something.
  if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) return undefined;
  // It may be another file by now: opening never waits, as it would for the other end of a pipe.
  const descriptor = fs.openSync(file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    const found = fs.fstatSync(descriptor);
    if (!found.isFile() || found.size > MAX_MANIFEST_BYTES) return undefined;
    return readUpTo(descriptor, Math.max(found.size, MIN_READ_BYTES));
  } finally {
    fs.closeSync(descriptor);
  }
}

/** The text of a file; undefined when it has grown past `maxBytes`. */
function readUpTo(descriptor: number, maxBytes: number): string | undefined {
  const bytes = Buffer.allocUnsafe(maxBytes + 1);
  let filled = 0;
  for (let count = -1; count !== 0 && filled < bytes.length; filled += count) {
    count = fs.readSync(descriptor, bytes, filled, bytes.length - filled, null);
  }
  return filled > maxBytes ? undefined : bytes.toString('utf8', 0, filled);
}

/** Names and versions end up in metrics and in log lines. */
function usable(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT) return undefined;
  return /^[^\p{Cc}\p{Zl}\p{Zp}]+$/u.test(value) ? value : undefined;
}
