import fs from 'node:fs';
import path from 'node:path';
import { filePath } from './file-name.js';
import { type InstalledPackage, installedPackage, withoutVirtualFolders } from './installed-package.js';
import { type ReadManifest, readManifest } from './manifest.js';

/** A package as npm knows it. */
export interface Package {
  readonly name: string;
  /** Undefined when it is not known, e.g. for a package that was bundled and is not installed. */
  readonly version: string | undefined;
}

/** The package of code that belongs to none: native, evaluated, or without a manifest that can be read. */
export const NO_PACKAGE: Package = { name: '(none)', version: undefined };

/** The package of Node's own modules; its version is Node's. */
export const RUNTIME_PACKAGE: Package = { name: 'node:', version: process.versions.node };

/** The surroundings of a `PackageLookup`; the default is the file system of this machine. */
export interface PackageLookupOptions {
  readonly readManifest?: ReadManifest;
  /** The real path of a folder. Throws when there is no such folder. */
  readonly realPath?: (folder: string) => string;
  /** How paths are written: as `path.posix` or `path.win32` has it. */
  readonly paths?: Pick<typeof path, 'dirname' | 'isAbsolute'>;
  /**
   * Largest number of manifests to look for. Packages that would need more are named by their paths. Default: no
   * limit, which is for paths of this very process only.
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
/** More folders above a file than any file system has in practice. */
const MAX_DEPTH = 100;

/**
 * Says which npm package a file belongs to. An installed package goes by the folder it is installed in, see
 * `installedPackage`; every other file by the nearest package.json above it that has a name, which finds the
 * members of a workspace and the application itself. Manifests are read once. Never throws.
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
   * @param file an absolute path, a `file:` URL, `node:...`, or anything else, which belongs to no package
   */
  packageOf(file: string): Package {
    return this.#placeOf(file).package;
  }

  /** Returns the folder of the manifest of a file's package; undefined when it has none. */
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
    // Named after its folder: with an alias, `npm install a@npm:b`, that is what the code imports.
    const found = { name, version: manifest?.version ?? version };
    return this.#remember(folder, { package: found, folder });
  }

  /** The package of a folder outside of `node_modules`, which a link may have led to. */
  #own(folder: string): Place {
    const known = this.#byFolder.get(folder);
    if (known) return known;
    if (this.#readsLeft <= 0) return NOWHERE;
    let real = folder;
    try {
      real = this.#realPath(folder);
    } catch {
      // Original sources are often not there where the program runs; their path is all there is.
    }
    return this.#remember(folder, this.#above(real));
  }

  /** The nearest named manifest at or above a folder. */
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

/** Keeps a value in a map of bounded size, which forgets the oldest, and returns it. */
function remember<K, V>(map: Map<K, V>, max: number, key: K, value: V): V {
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= max) break;
    map.delete(oldest);
  }
  return value;
}
