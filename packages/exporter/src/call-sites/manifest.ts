import fs from 'node:fs';
import path from 'node:path';

/** The fields of a package.json that heapray uses. */
export interface Manifest {
  readonly name: string | undefined;
  readonly version: string | undefined;
}

/** Reads the manifest in a folder. Returns undefined when there is none or it cannot be read. Never throws. */
export type ReadManifest = (folder: string) => Manifest | undefined;

const MAX_MANIFEST_BYTES = 1024 * 1024;
/** Minimum number of bytes to read: some file systems report size 0 for files with content. */
const MIN_READ_BYTES = 4096;
/** npm's limit for the length of a name. Also applied to versions. */
const MAX_TEXT = 214;

const { O_RDONLY, O_NONBLOCK = 0, O_NOCTTY = 0 } = fs.constants;

/** Reads `package.json` in a folder if it is a regular file of at most 1 MiB. */
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

/** Returns the text of a regular file of at most 1 MiB, or undefined for any other. */
function readSmallFile(file: string): string | undefined {
  // Check before opening, which can have side effects on a device.
  if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) return undefined;
  // The path may be another file by now: O_NONBLOCK keeps the open from blocking on a pipe.
  const descriptor = fs.openSync(file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    const found = fs.fstatSync(descriptor);
    if (!found.isFile() || found.size > MAX_MANIFEST_BYTES) return undefined;
    return readUpTo(descriptor, Math.max(found.size, MIN_READ_BYTES));
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Returns the text of a file, or undefined when it is longer than `maxBytes`. */
function readUpTo(descriptor: number, maxBytes: number): string | undefined {
  const bytes = Buffer.allocUnsafe(maxBytes + 1);
  let filled = 0;
  for (let count = -1; count !== 0 && filled < bytes.length; filled += count) {
    count = fs.readSync(descriptor, bytes, filled, bytes.length - filled, null);
  }
  return filled > maxBytes ? undefined : bytes.toString('utf8', 0, filled);
}

/** Returns a name or version if it is fit for metrics and log lines: at most 214 characters, no control characters. */
function usable(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT) return undefined;
  return /^[^\p{Cc}\p{Zl}\p{Zp}]+$/u.test(value) ? value : undefined;
}
