const VIRTUAL_FOLDER = /^(.*?)([\\/])(?:__virtual__|\$\$virtual)[\\/][^\\/]+[\\/](\d{1,2})[\\/](.*)$/;
/** A package has one, and each that it is nested in may have one. */
const MAX_VIRTUAL_FOLDERS = 100;

/** The part of a path that says which package its file belongs to. */
export interface InstalledPackage {
  /** Name under which the package is installed. */
  readonly name: string;
  /** Folder of the package's manifest. */
  readonly folder: string;
  /** Version, where a package manager has put it into the path. */
  readonly version: string | undefined;
}

/** cnpm's own folders: `_x@1.0.0@x`, `_@scope_x@1.0.0@@scope` followed by `x`. */
const CNPM_FOLDER = /^_.+@(\d[^@]*)@(@?[^@]+)$/;
/** No file system has longer names, and matching takes the square of the length. */
const MAX_FOLDER_LENGTH = 1024;
/** Yarn's store of links: `.store/x-npm-1.0.0-0123456789/package`. */
const YARN_STORE = /^(.+)-npm-(\d.*?)-[0-9a-f]{10}$/;

/**
 * Returns the installed package that a file belongs to: the innermost `node_modules/<name>` or
 * `node_modules/@scope/<name>` on its path. That is right for nested packages, for pnpm's store
 * (`.pnpm/x@1.0.0/node_modules/x`) and for Yarn's archives (`.yarn/cache/x-npm-1.0.0-….zip/node_modules/x`).
 * Also reads the stores that have no inner `node_modules`: Yarn's (`.store`) and cnpm's. Undefined for a file
 * outside of any package folder. Takes `/` and `\`.
 */
export function installedPackage(file: string): InstalledPackage | undefined {
  const parts = file.split(/[\\/]/);
  // The last part is the file itself, so a file called `node_modules` is no folder of packages.
  const at = parts.lastIndexOf('node_modules', parts.length - 2);
  const first = parts[at + 1];
  if (at < 0 || !first || at + 2 >= parts.length) return undefined;
  if (first === '.store') return inYarnStore(file, parts, at);
  // `.prisma`, `.cache` and the like are no packages: npm's names do not begin with a dot.
  if (first.startsWith('.')) return undefined;
  const cnpm = CNPM_FOLDER.exec(first);
  const scope = cnpm?.[2] ?? first;
  const scoped = scope.startsWith('@');
  if (scoped && at + 3 >= parts.length) return undefined;
  const name = scoped ? `${scope}/${parts[at + 2]}` : scope;
  return {
    name,
    folder: file.slice(0, lengthOf(parts, at + (scoped ? 3 : 2))),
    version: cnpm?.[1] ?? versionInStore(parts[at - 1] ?? '', name),
  };
}

function inYarnStore(file: string, parts: readonly string[], at: number): InstalledPackage | undefined {
  const holder = parts[at + 2] ?? '';
  const [, slug = '', version] = holder.length > MAX_FOLDER_LENGTH ? [] : (YARN_STORE.exec(holder) ?? []);
  if (slug === '' || parts[at + 3] !== 'package' || at + 4 >= parts.length) return undefined;
  // The store writes `@scope/x` as `@scope-x`; a scope with a dash cannot be told from its package.
  const name = slug.startsWith('@') ? slug.replace('-', '/') : slug;
  return { name, folder: file.slice(0, lengthOf(parts, at + 4)), version };
}

/** Returns how many characters of the path its first `count` parts are, separators between them included. */
function lengthOf(parts: readonly string[], count: number): number {
  let length = count - 1;
  for (let index = 0; index < count; index++) length += (parts[index] ?? '').length;
  return length;
}

/**
 * Returns the version in the name of the folder or archive that holds one package of a store: `x@1.0.0`,
 * `@scope+x@1.0.0_peer@2` (pnpm), `x-npm-1.0.0-0123456789-89abcdef01.zip` (Yarn's cache, or unpacked without
 * the ending). Undefined when it holds something else.
 */
function versionInStore(holder: string, name: string): string | undefined {
  const pnpm = `${name.replace('/', '+')}@`;
  if (holder.startsWith(pnpm)) return /^\d[^@_()]*/.exec(holder.slice(pnpm.length))?.[0];
  const yarn = `${name.replace('/', '-')}-npm-`;
  if (!holder.startsWith(yarn)) return undefined;
  return /^(\d.*?)-[0-9a-f]{10}(?:-[0-9a-f]+)?(?:\.zip)?$/.exec(holder.slice(yarn.length))?.[1];
}

/**
 * Undoes Yarn's virtual folders: `<base>/__virtual__/<hash>/<n>/<rest>` stands for `<rest>` in the folder `n`
 * levels above `<base>`. Yarn gives a package with peer dependencies one such path for every set of peers.
 */
export function withoutVirtualFolders(file: string): string {
  let found = file;
  for (let folder = 0; folder < MAX_VIRTUAL_FOLDERS; folder++) {
    const match = VIRTUAL_FOLDER.exec(found);
    if (!match) return found;
    const [, base = '', separator = '/', levels = '0', rest = ''] = match;
    const kept = base.split(/[\\/]/);
    kept.length = Math.max(1, kept.length - Number(levels));
    found = `${kept.join(separator)}${separator}${rest}`;
  }
  return found;
}
