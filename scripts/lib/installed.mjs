// Checks optional packages. npm succeeds without an optional package that it could not fetch. In our lockfiles most
// optional packages are for other systems; those for this one are needed, so a missing one means an incomplete installation.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Returns paths of packages in the folder's lockfile that this machine needs and that are missing. */
export function missingPackages(folder) {
  const { packages } = JSON.parse(readFileSync(path.join(folder, 'package-lock.json'), 'utf8'));
  const wanted = Object.values(packages).flatMap((one) => Object.keys(one.optionalDependencies ?? {}));
  const names = new Set(Object.keys(packages).filter((name) => name.includes('node_modules/')));
  return [...names].filter((name) => {
    const { optional, os, cpu, libc } = packages[name];
    if (!optional || !wanted.some((one) => name.endsWith(`node_modules/${one}`))) return false;
    const fits = allows(os, process.platform) && allows(cpu, process.arch) && allows(libc, libcOf());
    return fits && !existsSync(path.join(folder, name, 'package.json'));
  });
}

/** Applies npm's rule: the value is in the list, or the list only excludes values (`!`) and not this one. */
function allows(list, value) {
  if (list === undefined || value === undefined) return true;
  if (list.includes(`!${value}`)) return false;
  return list.includes(value) || list.every((one) => one.startsWith('!'));
}

let knownLibc;

function libcOf() {
  if (process.platform !== 'linux') return undefined;
  knownLibc ??= process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
  return knownLibc;
}
