import path from 'node:path';

/** The package name of code that belongs to no package: native, evaluated, or without a readable manifest. */
export const NO_PACKAGE = '(none)';

/**
 * Which npm package a file belongs to: the innermost `node_modules/<name>` or `node_modules/@scope/name` on
 * its path (which is right for nested and pnpm layouts too), `node:` for the runtime, otherwise the name in
 * the nearest package.json above the file.
 *
 * @param readPackageName the `name` in a folder's package.json; undefined when there is none
 */
export function packageNames(
  readPackageName: (folder: string) => string | undefined,
): (file: string) => string {
  const byFile = new Map<string, string>();
  const byFolder = new Map<string, string>();

  const ofFolder = (folder: string): string => {
    const known = byFolder.get(folder);
    if (known !== undefined) return known;
    const parent = path.dirname(folder);
    const name = readPackageName(folder) ?? (parent === folder ? NO_PACKAGE : ofFolder(parent));
    byFolder.set(folder, name);
    return name;
  };

  return (file) => {
    const known = byFile.get(file);
    if (known !== undefined) return known;
    const name = fromPath(file) ?? (path.isAbsolute(file) ? ofFolder(path.dirname(file)) : NO_PACKAGE);
    byFile.set(file, name);
    return name;
  };
}

function fromPath(file: string): string | undefined {
  if (file.startsWith('node:')) return 'node:';
  const parts = file.split(/[\\/]/);
  const at = parts.lastIndexOf('node_modules');
  const name = at < 0 ? undefined : parts[at + 1];
  if (!name) return undefined;
  return name.startsWith('@') ? `${name}/${parts[at + 2] ?? ''}` : name;
}
