// npm leaves an optional package out, and succeeds, when it could not be fetched. Here optional means: for another
// system. Those for this one are needed, and an installation without them must not count as done.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Packages of the folder's lockfile that this machine should have and that are not there, by their paths. */
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

/** npm's rule: one of the list, or none of those that begin with `!`. */
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
