import { existsSync, readFileSync } from 'node:fs';
import type Module from 'node:module';
import path from 'node:path';
import { contain } from './main-thread/containment/contain.js';
import { JSONParse, process, SafeURL } from './protocol/primordials.js';
import { VERSION } from './version.js';

const PACKAGE = '@heapray/instrumentation';
/** URL of this file; undefined in a CommonJS bundle. */
const OWN_URL: string | undefined = import.meta.url;
/** Defined only in bundles of webpack and similar tools. */
declare const __webpack_require__: unknown;
const nothing = (): undefined => undefined;

/** This package as installed by npm beside a bundle that holds a copy of its code. */
export interface InstalledCopy {
  /** Path of its `package.json`. */
  readonly manifest: string;
  /** Path of the file that the profiler thread is started with. */
  readonly threadFile: string;
  /** True if its version is that of the code in the bundle. */
  readonly isSameVersion: boolean;
  readonly version: string;
}

/** Returns true if a bundler has put this code into a file of its own. */
export function isBundled(): boolean {
  if (typeof __webpack_require__ !== 'undefined') return true;
  return !['js', 'ts'].some((extension) => isBesideUs(`./heapray-thread.${extension}`));
}

function isBesideUs(file: string): boolean {
  return contain(() => existsSync(new SafeURL(file, OWN_URL)), nothing) ?? false;
}

/**
 * Returns the files from which packages are looked up, in the form that `createRequire` takes: this one, the
 * bundle that contains it, and the program's main script.
 */
export function lookupFiles(): readonly string[] {
  const bundle = typeof __filename === 'string' && path.isAbsolute(__filename) ? __filename : undefined;
  const main = process.argv[1];
  const files: string[] = [];
  for (const file of [OWN_URL, bundle, main !== undefined && path.isAbsolute(main) ? main : undefined]) {
    if (file !== undefined && !files.includes(file)) files[files.length] = file;
  }
  return files;
}

/**
 * Finds this package beside the bundle or the main script; undefined if it is not installed there. Never
 * throws.
 */
export function installedCopy(): InstalledCopy | undefined {
  for (const file of lookupFiles()) {
    const copy = contain(() => copyFrom(file), nothing);
    if (copy) return copy;
  }
  return undefined;
}

function copyFrom(file: string): InstalledCopy | undefined {
  const manifest = requireFrom(file).resolve(`${PACKAGE}/package.json`);
  const { version } = JSONParse(readFileSync(manifest, 'utf8')) as { version: string };
  const threadFile = path.join(path.dirname(manifest), 'dist', 'heapray-thread.js');
  if (!existsSync(threadFile)) return undefined;
  return { manifest, threadFile, isSameVersion: version === VERSION, version };
}

/**
 * Returns the `require` of a file. Hides it from bundlers: they would change its argument, or bundle native
 * packages that work only from their own folders.
 *
 * @param file path or URL
 */
export function requireFrom(file: string): NodeJS.Require {
  const module: typeof Module = process.getBuiltinModule('node:module');
  return module.createRequire(file);
}
