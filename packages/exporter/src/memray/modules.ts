import type { MemrayLocation } from './code-table.js';
import type { MemrayHeader } from './header.js';

const ROOT = '<root>';
const FROZEN = '<frozen ';

/**
 * Says which module a stack belongs to, by memray 1.20's rules: that of the innermost frame that is not of the
 * standard library. Files below a package folder belong to its first part, files below a folder of the program
 * to the first part there, others to their own name; memray's own frames, and no frame at all, to `<root>`.
 */
export class ModuleResolver {
  readonly #header: MemrayHeader;
  readonly #modules: Map<string, string | undefined> = new Map();

  constructor(header: MemrayHeader) {
    this.#header = header;
  }

  /** `stack` goes from the innermost frame outwards. */
  moduleOf(stack: Iterable<MemrayLocation>): string {
    for (const { file } of stack) {
      const module = this.#moduleOfFile(file);
      if (module !== undefined) return module === 'memray' ? ROOT : module;
    }
    return ROOT;
  }

  /** `undefined` for the standard library. */
  #moduleOfFile(file: string): string | undefined {
    if (!this.#modules.has(file)) this.#modules.set(file, this.#resolve(file));
    return this.#modules.get(file);
  }

  #resolve(file: string): string | undefined {
    if (file === '') return 'unknown';
    if (file.startsWith(FROZEN)) return undefined;
    const { libdest, sitePackages, sysPath } = this.#header;
    const parts = partsOf(file);
    const inPackages = firstBelow(parts, sitePackages);
    if (inPackages !== undefined) return topLevel(inPackages);
    if (libdest !== '' && below(parts, libdest) !== undefined) return undefined;
    return topLevel(firstBelow(parts, sysPath) ?? parts.slice(-1));
  }
}

/** The parts of a path; a leading slash is a part of its own. */
function partsOf(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return path.startsWith('/') ? ['/', ...parts] : parts;
}

function firstBelow(parts: readonly string[], folders: readonly string[]): readonly string[] | undefined {
  for (const folder of folders) {
    const rest = below(parts, folder);
    if (rest !== undefined) return rest;
  }
  return undefined;
}

/** What is left of the path below the folder; `undefined` if it is elsewhere. */
function below(parts: readonly string[], folder: string): readonly string[] | undefined {
  const prefix = partsOf(folder);
  return prefix.every((part, at) => parts[at] === part) ? parts.slice(prefix.length) : undefined;
}

function topLevel(parts: readonly string[]): string {
  const named = parts.at(-1) === '__init__.py' ? parts.slice(0, -1) : parts;
  const first = named[0] ?? '';
  return first.split('.')[0]!;
}
