import { isWindowsPath } from './file-name.js';

/** A frame of a stack, as far as packages go. */
export interface CodePlace {
  readonly functionName: string;
  readonly file: string;
}

/** The folders where a Python program finds modules; all are empty where that is not known. */
export interface PythonFolders {
  /** Folder of the standard library. */
  readonly libdest: string;
  readonly sitePackages: readonly string[];
  readonly sysPath: readonly string[];
}

/** The module of stacks without any frame of a module, as memray calls it. */
export const ROOT_MODULE = '<root>';

const FROZEN = '<frozen ';
const PACKAGE_FOLDERS: ReadonlySet<string> = new Set(['site-packages', 'dist-packages']);
const LIBRARY_FOLDERS: ReadonlySet<string> = new Set(['lib', 'lib64', 'lib32']);
const VERSIONED_FOLDER = /^(?:python|pypy|graalpy)\d+\.\d+[a-z]*$/;
/** The standard library as an archive, and PyPy's own names for it. */
const LIBRARY_ARCHIVE = /^(?:python\d+[a-z]*\.zip|lib-python|lib_pypy)$/;
/** Folders that hold `Lib` on Windows: of python.org, conda, the store, NuGet, pyenv, uv and GitHub's runners. */
const WINDOWS_PYTHON =
  /^(?:python\d*(?:\.\d+)*t?(?:-\d+)?|pythonsoftwarefoundation\..*|.*conda\d*|cpython-.*|pypy\d.*|x64|x86|arm64|tools|\d+\.\d+[\w.]*)$/;
const ARCHIVE = /\.(?:egg|whl|zip|pyz|pex)$/i;

/**
 * Says which module a Python stack belongs to, as memray 1.20 does: that of the innermost frame that is not of the
 * standard library. Files below a package folder belong to its first part, files below a folder of the program
 * to the first part there, others to their own name; memray's own frames, and no frame at all, to `<root>`.
 */
export class PythonModules {
  readonly #folders: PythonFolders;
  readonly #guess: boolean;
  readonly #modules: Map<string, string | undefined> = new Map();

  /**
   * @param options.guess whether the usual places of packages and of the standard library count besides the given
   * folders, and archives and source folders are looked into. Without it the answers are memray's.
   */
  constructor(folders: PythonFolders, options: { readonly guess: boolean }) {
    this.#folders = folders;
    this.#guess = options.guess;
  }

  /** Returns the module of a stack, which goes from the innermost frame outwards. */
  moduleOf(stack: Iterable<CodePlace>): string {
    for (const { file } of stack) {
      const module = this.moduleOfFile(file);
      if (module !== undefined) return module === 'memray' ? ROOT_MODULE : module;
    }
    return ROOT_MODULE;
  }

  /** Returns the module of a file; undefined for the standard library. */
  moduleOfFile(file: string): string | undefined {
    if (!this.#modules.has(file)) this.#modules.set(file, this.#resolve(file));
    return this.#modules.get(file);
  }

  #resolve(file: string): string | undefined {
    if (file === '') return 'unknown';
    if (file.startsWith(FROZEN)) return undefined;
    const { libdest, sitePackages, sysPath } = this.#folders;
    const parts = partsOf(file);
    const inPackages = firstBelow(parts, sitePackages) ?? (this.#guess ? inPackageFolder(parts) : undefined);
    if (inPackages !== undefined) return this.#nameOf(inPackages);
    if (libdest !== '' && below(parts, libdest) !== undefined) return undefined;
    if (this.#guess && isStandardLibrary(parts)) return undefined;
    const ofProgram = firstBelow(parts, sysPath) ?? (this.#guess ? inSources(parts) : undefined);
    return this.#nameOf(ofProgram ?? parts.slice(-1));
  }

  #nameOf(parts: readonly string[]): string {
    if (!this.#guess) return topLevel(parts);
    const archive = parts.findLastIndex((part, at) => ARCHIVE.test(part) && at < parts.length - 1);
    const inArchive = parts.slice(archive + 1);
    // A program in one archive is called by the archive's name.
    const named = archive >= 0 && inArchive[0] === '__main__.py' ? parts.slice(archive) : inArchive;
    return topLevel(named) || 'unknown';
  }
}

/** The parts of a path; a leading slash is a part of its own. Windows writes folders in any case. */
function partsOf(path: string): readonly string[] {
  const windows = isWindowsPath(path);
  const parts = path.split(windows ? /[\\/]/ : '/').filter((part) => part !== '' && part !== '.');
  return path.startsWith('/') ? ['/', ...parts] : parts;
}

function firstBelow(parts: readonly string[], folders: readonly string[]): readonly string[] | undefined {
  for (const folder of folders) {
    const rest = below(parts, folder);
    if (rest !== undefined) return rest;
  }
  return undefined;
}

/** What is left of the path below the folder; undefined if it is elsewhere. */
function below(parts: readonly string[], folder: string): readonly string[] | undefined {
  const prefix = partsOf(folder);
  return prefix.every((part, at) => parts[at] === part) ? parts.slice(prefix.length) : undefined;
}

/** What is left below the innermost folder of packages; undefined outside of any. */
function inPackageFolder(parts: readonly string[]): readonly string[] | undefined {
  const folder = parts.findLastIndex((part, at) => {
    if (at === parts.length - 1) return false;
    // PEP 582: `__pypackages__/3.13/lib`.
    return PACKAGE_FOLDERS.has(part.toLowerCase()) || (part === 'lib' && parts[at - 2] === '__pypackages__');
  });
  return folder < 0 ? undefined : parts.slice(folder + 1);
}

function isStandardLibrary(parts: readonly string[]): boolean {
  const windows = /^[a-z]:$/i.test(parts[0] ?? '');
  return parts.slice(0, -1).some((part, at) => {
    if (LIBRARY_ARCHIVE.test(part)) return true;
    if (!windows) return VERSIONED_FOLDER.test(part) && LIBRARY_FOLDERS.has(parts[at - 1] ?? '');
    const holder = parts[at - 1]?.toLowerCase() ?? '';
    const inEnvironment = parts[at - 2]?.toLowerCase() === 'envs';
    return part.toLowerCase() === 'lib' && (inEnvironment || WINDOWS_PYTHON.test(holder));
  });
}

/** What is left in an archive, or below a folder of sources, as of packages that are installed to be edited. */
function inSources(parts: readonly string[]): readonly string[] | undefined {
  const folder = parts.findLastIndex((part, at) => {
    if (at >= parts.length - 1) return false;
    // `/usr/src/app` is where containers have the program itself.
    return ARCHIVE.test(part) || (part === 'src' && parts[at - 1] !== 'usr' && at < parts.length - 2);
  });
  if (folder < 0) return undefined;
  return ARCHIVE.test(parts[folder]!) ? parts.slice(folder) : parts.slice(folder + 1);
}

function topLevel(parts: readonly string[]): string {
  const named = parts.at(-1) === '__init__.py' ? parts.slice(0, -1) : parts;
  const first = named[0] ?? '';
  return first.split('.')[0]!;
}
