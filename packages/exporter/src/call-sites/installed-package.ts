const VIRTUAL_FOLDER = /^(.*?)([\\/])(?:__virtual__|\$\$virtual)[\\/][^\\/]+[\\/](\d{1,2})[\\/](.*)$/;
/** Limit for virtual folders in one path. A package has one, and so may each package that contains it. */
const MAX_VIRTUAL_FOLDERS = 100;

/** The part of a path that determines the package of a file. */
export interface InstalledPackage {
  /** Name under which the package is installed. */
  readonly name: string;
  /** Folder of the package's manifest. */
  readonly folder: string;
  /** Version, if the package manager writes it into the path. */
  readonly version: string | undefined;
}

/** Folders of cnpm: `_x@1.0.0@x`, or `_@scope_x@1.0.0@@scope` followed by `x`. */
const CNPM_FOLDER = /^_.+@(\d[^@]*)@(@?[^@]+)$/;
/** Longest folder name in Yarn's store to match, which takes quadratic time. No file system has longer ones. */
const MAX_FOLDER_LENGTH = 1024;
/** Folders in Yarn's store: `.store/x-npm-1.0.0-0123456789/package`. */
const YARN_STORE = /^(.+)-npm-(\d.*?)-[0-9a-f]{10}$/;

/**
 * Returns the installed package that a file belongs to: the innermost `node_modules/<name>` or
 * `node_modules/@scope/<name>` in its path. This also works for nested packages, for pnpm's store
 * (`.pnpm/x@1.0.0/node_modules/x`) and for Yarn's archives (`.yarn/cache/x-npm-1.0.0-….zip/node_modules/x`). Stores
 * without an inner `node_modules` are supported too: Yarn's (`.store`) and cnpm's. Undefined for a file outside any
 * package folder. Accepts `/` and `\`.
 */
export function installedPackage(file: string): InstalledPackage | undefined {
  const parts = file.split(/[\\/]/);
  // The last part is the file itself, so a file named `node_modules` is not a folder of packages.
  const at = parts.lastIndexOf('node_modules', parts.length - 2);
  const first = parts[at + 1];
  if (at < 0 || !first || at + 2 >= parts.length) return undefined;
  if (first === '.store') return inYarnStore(file, parts, at);
  // `.prisma`, `.cache` and similar folders are not packages: npm names do not start with a dot.
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
  // The store writes `@scope/x` as `@scope-x`. A scope that contains a dash is split at the wrong place.
  const name = slug.startsWith('@') ? slug.replace('-', '/') : slug;
  return { name, folder: file.slice(0, lengthOf(parts, at + 4)), version };
}

/** Returns the length of the first `count` parts of a path, including the separators between them. */
function lengthOf(parts: readonly string[], count: number): number {
  let length = count - 1;
  for (let index = 0; index < count; index++) length += (parts[index] ?? '').length;
  return length;
}

/**
 * Returns the version in the name of the folder or archive that contains a package in a store: `x@1.0.0`,
 * `@scope+x@1.0.0_peer@2` (pnpm), `x-npm-1.0.0-0123456789-89abcdef01.zip` (Yarn's cache, or unpacked without the
 * extension). Undefined when it is the folder of another package.
 */
function versionInStore(holder: string, name: string): string | undefined {
  const pnpm = `${name.replace('/', '+')}@`;
  if (holder.startsWith(pnpm)) return /^\d[^@_()]*/.exec(holder.slice(pnpm.length))?.[0];
  const yarn = `${name.replace('/', '-')}-npm-`;
  if (!holder.startsWith(yarn)) return undefined;
  return /^(\d.*?)-[0-9a-f]{10}(?:-[0-9a-f]+)?(?:\.zip)?$/.exec(holder.slice(yarn.length))?.[1];
}

/**
 * Removes Yarn's virtual folders: `<base>/__virtual__/<hash>/<n>/<rest>` means `<rest>` in the folder `n` levels above
 * `<base>`. Yarn creates one such path for each set of peers of a package with peer dependencies.
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
