import type { MemrayLocation } from './code-table.js';
import type { MemrayHeader } from './header.js';
import { ModuleResolver } from './modules.js';

/** "other", which no usual Python has and every producer that is none should write. */
const OTHER_ALLOCATOR = 4;
const NODE_RUNTIME = 'node:';
/** Where Pythons keep their packages and their own modules, for captures that do not say it. */
const SITE_PACKAGES = /^.*\/(?:site|dist)-packages(?=\/)/;
const LIBDEST = /^.*\/lib(?:64)?\/python3\.\d+t?(?=\/)/;

/**
 * Says which package a stack belongs to. Of a Python program by memray's module rules; captures of formats 11 and
 * 12 do not say where the packages are, so the usual places count. Of a Node program by npm's rules: that of the
 * innermost frame that is not of the runtime; the application's own has no name here.
 */
export class PackageResolver {
  readonly #modules: ModuleResolver | undefined;
  readonly #header: MemrayHeader;
  readonly #guesses: Map<string, ModuleResolver> = new Map();

  constructor(header: MemrayHeader) {
    this.#header = header;
    const told = header.libdest !== '' || header.sitePackages.length > 0 || header.sysPath.length > 0;
    if (told) this.#modules = new ModuleResolver(header);
  }

  /** `stack` goes from the innermost frame outwards. */
  packageOf(stack: Iterable<MemrayLocation>): string {
    if (isOfNode(this.#header)) return npmPackageOf(stack);
    if (this.#modules !== undefined) return this.#modules.moduleOf(stack);
    const frames = [...stack].filter(({ file }) => SITE_PACKAGES.test(file) || !LIBDEST.test(file));
    return this.#resolverFor(frames).moduleOf(frames);
  }

  #resolverFor(frames: readonly MemrayLocation[]): ModuleResolver {
    const found = frames.flatMap(({ file }) => SITE_PACKAGES.exec(file)?.[0] ?? []);
    const sitePackages = [...new Set(found)].sort();
    const key = sitePackages.join('\0');
    const known = this.#guesses.get(key);
    if (known !== undefined) return known;
    const resolver = new ModuleResolver({ ...this.#header, sitePackages });
    this.#guesses.set(key, resolver);
    return resolver;
  }
}

/** Whether a Node program wrote the capture, and not a Python one. */
export function isOfNode({ libdest, pythonAllocator, sitePackages }: MemrayHeader): boolean {
  if (libdest.startsWith(NODE_RUNTIME)) return true;
  const ofPython = sitePackages.some((folder) => SITE_PACKAGES.test(`${folder}/`));
  return pythonAllocator === OTHER_ALLOCATOR && !ofPython && libdest === '';
}

function npmPackageOf(stack: Iterable<MemrayLocation>): string {
  let ofRuntime = false;
  for (const { file } of stack) {
    if (file.startsWith(NODE_RUNTIME)) ofRuntime = true;
    else if (file !== '') return npmPackageOfFile(file);
  }
  return ofRuntime ? NODE_RUNTIME : '';
}

/** The innermost `node_modules/<name>` or `node_modules/@scope/<name>`, empty for the application's own files. */
function npmPackageOfFile(file: string): string {
  const parts = file.split(/[\\/]/);
  const at = parts.lastIndexOf('node_modules');
  const name = at < 0 ? '' : (parts[at + 1] ?? '');
  return name.startsWith('@') ? `${name}/${parts[at + 2] ?? ''}` : name;
}
