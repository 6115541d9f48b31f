import { isWindowsPath } from './file-name.js';

/** The fields of a stack frame that determine its package. */
export interface CodePlace {
  readonly functionName: string;
  readonly file: string;
}

/** The folders where a Python program finds modules. Empty when unknown. */
export interface PythonFolders {
  /** Folder of the standard library. */
  readonly libdest: string;
  readonly sitePackages: readonly string[];
  readonly sysPath: readonly string[];
}

/** memray's name for the module of stacks without a frame in any module. */
const ROOT_MODULE = '<root>';

const FROZEN = '<frozen ';
const PACKAGE_FOLDERS: ReadonlySet<string> = new Set(['site-packages', 'dist-packages']);
const LIBRARY_FOLDERS: ReadonlySet<string> = new Set(['lib', 'lib64', 'lib32']);
const VERSIONED_FOLDER = /^(?:python|pypy|graalpy)\d+\.\d+[a-z]*$/;
/** Names of archives with the standard library, and PyPy's folders for it. */
const LIBRARY_ARCHIVE = /^(?:python\d+[a-z]*\.zip|lib-python|lib_pypy)$/;
/** Folders that contain `Lib` on Windows: of python.org, conda, the store, NuGet, pyenv, uv and GitHub's runners. */
const WINDOWS_PYTHON =
  /^(?:python\d*(?:\.\d+)*t?(?:-\d+)?|pythonsoftwarefoundation\..*|.*conda\d*|cpython-.*|pypy\d.*|x64|x86|arm64|tools|\d+\.\d+[\w.]*)$/;
const ARCHIVE = /\.(?:egg|whl|zip|pyz|pex)$/i;

/**
 * Finds the module of a Python stack as memray 1.20 does: that of the innermost frame outside the standard library. A
 * file below a package folder, or below a folder of the program, belongs to the first part of its path there. Other
 * files are named by themselves. memray's own frames and empty stacks belong to `<root>`.
 */
export class PythonModules {
  readonly #folders: PythonFolders;
  readonly #guess: boolean;
  readonly #modules: Map<string, string | undefined> = new Map();

  /**
   * Creates a lookup.
   *
   * @param options.guess whether to also recognize the usual folders of packages and of the standard library, archives
   *   and source folders. Without it the results are those of memray.
   */
  constructor(folders: PythonFolders, options: { readonly guess: boolean }) {
    this.#folders = folders;
    this.#guess = options.guess;
  }

  /** Returns the module of a stack, which is ordered from the innermost frame outwards. */
  moduleOf(stack: Iterable<CodePlace>): string {
    for (const { file } of stack) {
      const module = this.moduleOfFile(file);
      if (module !== undefined) return module === 'memray' ? ROOT_MODULE : module;
    }
    return ROOT_MODULE;
  }

  /** Returns the module of a file, or undefined for the standard library. */
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
    // A program in one archive is named by the archive.
    const named = archive >= 0 && inArchive[0] === '__main__.py' ? parts.slice(archive) : inArchive;
    return topLevel(named) || 'unknown';
  }
}

/** Splits a path into parts. A leading slash is a part of its own. */
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

/** Returns the parts of a path below a folder, or undefined if it is not below. */
function below(parts: readonly string[], folder: string): readonly string[] | undefined {
  const prefix = partsOf(folder);
  return prefix.every((part, at) => parts[at] === part) ? parts.slice(prefix.length) : undefined;
}

/** Returns the parts below the innermost folder of packages, or undefined if there is none. */
function inPackageFolder(parts: readonly string[]): readonly string[] | undefined {
  const folder = parts.findLastIndex((part, at) => {
    if (at === parts.length - 1) return false;
    // `__pypackages__/3.13/lib` of PEP 582.
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

/** Returns the parts in an archive or below a source folder, as of packages in editable installs. */
function inSources(parts: readonly string[]): readonly string[] | undefined {
  const folder = parts.findLastIndex((part, at) => {
    if (at >= parts.length - 1) return false;
    // `/usr/src/app` contains the program itself in many containers.
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
