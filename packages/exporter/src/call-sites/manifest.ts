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
/** npm's own limit for a name; versions are held to the same. */
const MAX_TEXT = 214;

/** Reads `package.json` in a folder, if it is a regular file of at most 1 MiB. */
export const readManifest: ReadManifest = (folder) => {
  try {
    const file = path.join(folder, 'package.json');
    // Checked before opening: opening a pipe waits for its other end, and reading a device may never end.
    const found = fs.statSync(file, { throwIfNoEntry: false });
    if (!found?.isFile() || found.size > MAX_MANIFEST_BYTES) return undefined;
    const content: unknown = JSON.parse(fs.readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
    if (typeof content !== 'object' || content === null || Array.isArray(content)) return undefined;
    const { name, version } = content as { name?: unknown; version?: unknown };
    return { name: usable(name), version: usable(version) };
  } catch {
    return undefined;
  }
};

/** Names and versions end up in metrics and in log lines. */
function usable(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT) return undefined;
  return /^[^\p{Cc}\p{Zl}\p{Zp}]+$/u.test(value) ? value : undefined;
}
