import path from 'node:path';
import { readWhole } from './bounded-file.js';

/** What a package.json says about its package, as far as it says it in a usable way. */
export interface Manifest {
  readonly name: string | undefined;
  readonly version: string | undefined;
}

/** Reads the manifest in a folder; undefined when there is none that can be read. Never throws. */
export type ReadManifest = (folder: string) => Manifest | undefined;

const MAX_MANIFEST_BYTES = 1024 * 1024;
/** npm's own limit for a name; versions are held to the same. */
const MAX_TEXT = 214;

/** Reads `package.json` in a folder. */
export const readManifest: ReadManifest = (folder) => {
  try {
    const bytes = readWhole(path.join(folder, 'package.json'), MAX_MANIFEST_BYTES);
    const content: unknown = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''));
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
