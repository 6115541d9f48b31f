import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const NAMES = ['libjemalloc.so.2', 'libjemalloc.so'];
const LDCONFIG = ['/sbin/ldconfig', '/usr/sbin/ldconfig'];
/** Names of this machine in folders of libraries, and in the list of ldconfig. */
const MACHINES: Readonly<Record<string, { readonly folder: string; readonly list: string }>> = {
  x64: { folder: 'x86_64-linux-gnu', list: 'x86-64' },
  arm64: { folder: 'aarch64-linux-gnu', list: 'AArch64' },
};

/**
 * Finds the system's jemalloc: in the list of the dynamic linker, and then in the usual folders. Undefined if it is
 * not installed.
 */
export function findJemalloc(): string | undefined {
  return inList(linkerList()) ?? inFolders();
}

/** Finds jemalloc in the output of `ldconfig -p`. */
export function inList(list: string): string | undefined {
  const machine = MACHINES[process.arch]?.list;
  for (const name of NAMES) {
    for (const line of list.split('\n')) {
      const [, found, kind = '', file] = /^\s*(\S+) \(([^)]*)\) => (\/.*)$/.exec(line) ?? [];
      if (found === name && (machine === undefined || kind.includes(machine)) && existsSync(file!))
        return file;
    }
  }
  return undefined;
}

function inFolders(): string | undefined {
  const own = (process.env.LD_LIBRARY_PATH ?? '').split(':').filter((folder) => path.isAbsolute(folder));
  const machine = MACHINES[process.arch]?.folder ?? '';
  const usual = [`/usr/lib/${machine}`, `/lib/${machine}`, '/usr/lib64', '/usr/lib', '/usr/local/lib'];
  return [...own, ...usual]
    .flatMap((folder) => NAMES.map((name) => path.join(folder, name)))
    .find((file) => existsSync(file));
}

function linkerList(): string {
  for (const program of LDCONFIG) {
    try {
      return execFileSync(program, ['-p'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    } catch {
      // Look in the usual folders.
    }
  }
  return '';
}

/** Returns true if the C library of this system is musl, as on Alpine. */
export function isMusl(): boolean {
  try {
    return readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-');
  } catch {
    return false;
  }
}
