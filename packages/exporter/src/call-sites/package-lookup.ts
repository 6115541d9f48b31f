import fs from 'node:fs';
import path from 'node:path';
import { filePath } from './file-name.js';
import { type InstalledPackage, installedPackage, withoutVirtualFolders } from './installed-package.js';
import { type ReadManifest, readManifest } from './manifest.js';

/** An npm package. */
export interface Package {
  readonly name: string;
  /** Undefined when unknown, for example for a package that was bundled and is not installed. */
  readonly version: string | undefined;
}

/** Placeholder for code outside any package: native or evaluated code, or code without a readable manifest. */
export const NO_PACKAGE: Package = { name: '(none)', version: undefined };

/** The package of Node's own modules; its version is Node's. */
export const RUNTIME_PACKAGE: Package = { name: 'node:', version: process.versions.node };

/** The environment of a `PackageLookup`. The default is the file system of this machine. */
export interface PackageLookupOptions {
  readonly readManifest?: ReadManifest;
  /** Returns the real path of a folder. Throws when the folder does not exist. */
  readonly realPath?: (folder: string) => string;
  /** Path syntax: `path.posix` or `path.win32`. */
  readonly paths?: Pick<typeof path, 'dirname' | 'isAbsolute'>;
  /**
   * Maximum number of manifests to look for. Further packages are named by their paths. Default: no limit, which is
   * only suitable for paths of this process.
   */
  readonly maxReads?: number;
}

/** A package and the folder of its manifest. */
interface Place {
  readonly package: Package;
  readonly folder: string | undefined;
}

const NOWHERE: Place = { package: NO_PACKAGE, folder: undefined };
const RUNTIME: Place = { package: RUNTIME_PACKAGE, folder: undefined };
const MAX_FILES = 20_000;
const MAX_FOLDERS = 5_000;
/** Limit for the number of parent folders: deeper than real paths are. */
const MAX_DEPTH = 100;

/**
 * Finds the npm package of a file. An installed package is determined by its folder, see `installedPackage`. For every
 * other file, it is the nearest package.json above it that has a name, which finds members of a workspace and the
 * application itself. Each manifest is read once. Never throws.
 */
export class PackageLookup {
  readonly #readManifest: ReadManifest;
  readonly #realPath: (folder: string) => string;
  readonly #paths: Pick<typeof path, 'dirname' | 'isAbsolute'>;
  readonly #byFile = new Map<string, Place>();
  readonly #byFolder = new Map<string, Place>();
  #readsLeft: number;

  constructor(options: PackageLookupOptions = {}) {
    this.#readManifest = options.readManifest ?? readManifest;
    this.#realPath = options.realPath ?? fs.realpathSync;
    this.#paths = options.paths ?? path;
    this.#readsLeft = options.maxReads ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Returns the package of a file.
   *
   * @param file an absolute path, a `file:` URL or `node:...`; anything else belongs to no package
   */
  packageOf(file: string): Package {
    return this.#placeOf(file).package;
  }

  /** Returns the folder of the manifest of a file's package, or undefined when there is none. */
  rootOf(file: string): string | undefined {
    return this.#placeOf(file).folder;
  }

  #placeOf(file: string): Place {
    return this.#byFile.get(file) ?? remember(this.#byFile, MAX_FILES, file, this.#find(file));
  }

  #find(file: string): Place {
    if (file.startsWith(RUNTIME_PACKAGE.name)) return RUNTIME;
    const plain = withoutVirtualFolders(filePath(file));
    const installed = installedPackage(plain);
    if (installed) return this.#installed(installed);
    return this.#paths.isAbsolute(plain) ? this.#own(this.#paths.dirname(plain)) : NOWHERE;
  }

  #installed({ name, folder, version }: InstalledPackage): Place {
    const known = this.#byFolder.get(folder);
    if (known) return known;
    const manifest = this.#paths.isAbsolute(folder) ? this.#manifestIn(folder) : undefined;
    // Use the name of the folder: with an alias (`npm install a@npm:b`), that is the name in the code's imports.
    const found = { name, version: manifest?.version ?? version };
    return this.#remember(folder, { package: found, folder });
  }

  /** Returns the package of a folder outside `node_modules`, which may have been reached through a link. */
  #own(folder: string): Place {
    const known = this.#byFolder.get(folder);
    if (known) return known;
    if (this.#readsLeft <= 0) return NOWHERE;
    let real = folder;
    try {
      real = this.#realPath(folder);
    } catch {
      // Original sources often do not exist where the program runs: use the path as it is.
    }
    return this.#remember(folder, this.#above(real));
  }

  /** Returns the nearest manifest with a name, in a folder or above it. */
  #above(start: string): Place {
    const passed: string[] = [];
    let place: Place | undefined;
    let folder = start;
    while (passed.length < MAX_DEPTH) {
      place = this.#byFolder.get(folder) ?? this.#here(folder);
      if (place) break;
      passed.push(folder);
      const parent = this.#paths.dirname(folder);
      if (parent === folder) break;
      folder = parent;
    }
    const found = place ?? NOWHERE;
    for (const below of passed) this.#remember(below, found);
    return this.#remember(start, found);
  }

  #here(folder: string): Place | undefined {
    const manifest = this.#manifestIn(folder);
    if (!manifest?.name) return undefined;
    return { package: { name: manifest.name, version: manifest.version }, folder };
  }

  #manifestIn(folder: string): ReturnType<ReadManifest> {
    if (this.#readsLeft <= 0) return undefined;
    this.#readsLeft--;
    return this.#readManifest(folder);
  }

  #remember(folder: string, place: Place): Place {
    return remember(this.#byFolder, MAX_FOLDERS, folder, place);
  }
}

/**
 * Stores a value in a map of bounded size, and returns the value. A full map drops the older half at once: finding the oldest entry
 * takes longer the more were dropped before it.
 */
function remember<K, V>(map: Map<K, V>, max: number, key: K, value: V): V {
  map.set(key, value);
  if (map.size <= max) return value;
  for (const oldest of map.keys()) {
    if (map.size <= max / 2) break;
    map.delete(oldest);
  }
  return value;
}
