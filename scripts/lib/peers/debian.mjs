// Programs and a library of Debian's packages. Taken from the path, or else unpacked from the package without installing it.
import { accessSync, constants, mkdirSync, readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { PEERS } from '../bootstrap.mjs';
import { run } from '../run-command.mjs';
import { makeFolder } from '../stamped-folder.mjs';

/** The programs, by their package. */
const PROGRAMS = { prometheus: ['prometheus', 'promtool'], lz4: ['lz4'] };

export function debianPeers() {
  return Object.keys(PROGRAMS).flatMap(peersOf);
}

/** Returns the programs of a package, which is unpacked once. */
function peersOf(packageName) {
  const folder = path.join(PEERS, `${packageName}-debian`);
  let unpacked;
  return PROGRAMS[packageName].map((name) => ({
    name,
    bring: async () => {
      const found = findOnPath(name);
      if (found) return found;
      unpacked ??= makeFolder(folder, 'unpacked', (target) => unpackFromDebian(packageName, target));
      await unpacked;
      return path.join(folder, 'usr', 'bin', name);
    },
  }));
}

/** Returns jemalloc. Its path is that of the library. */
export function jemallocPeer() {
  const folder = path.join(PEERS, 'libjemalloc2-debian');
  return {
    name: 'jemalloc',
    bring: async () => {
      await makeFolder(folder, 'unpacked', (target) => unpackFromDebian('libjemalloc2', target));
      const libraries = path.join(folder, 'usr', 'lib');
      const [triplet] = readdirSync(libraries);
      return path.join(libraries, triplet, 'libjemalloc.so.2');
    },
  };
}

/** Returns the system's C++ compiler, which is too large to bring. */
export function compilerPeer() {
  return {
    name: 'g++',
    bring: async () => {
      const found = findOnPath('g++');
      if (found === undefined) throw new Error('it is not installed');
      return found;
    },
  };
}

/** Unpacks a package, and those of its dependencies whose names match, into a folder. */
export async function unpackFromDebian(packageName, folder, dependencies = undefined) {
  try {
    await download(packageName, folder, dependencies, []);
  } catch {
    // The package list is missing or old. A list of our own needs no rights and changes nothing on the machine.
    const own = ownLists(folder);
    // Without this option, apt-get succeeds even if it could fetch no list.
    await run('apt-get', [...own, '-o', 'APT::Update::Error-Mode=any', 'update']);
    await download(packageName, folder, dependencies, own);
  }
  const debs = readdirSync(folder).filter((file) => file.endsWith('.deb'));
  if (debs.length === 0) throw new Error(`apt-get downloaded no ${packageName} package`);
  for (const deb of debs) await run('dpkg', ['-x', path.join(folder, deb), folder]);
  for (const used of [...debs, 'apt']) await rm(path.join(folder, used), { recursive: true, force: true });
}

async function download(packageName, folder, dependencies, options) {
  const packages = [packageName, ...(await dependenciesOf(packageName, dependencies, options))];
  // The sandbox user could not write into this folder, and apt-get would print a warning.
  return run('apt-get', [...options, '-o', 'APT::Sandbox::User=root', 'download', ...packages], {
    cwd: folder,
  });
}

async function dependenciesOf(packageName, wanted, options) {
  if (wanted === undefined) return [];
  const text = await run('apt-cache', [...options, '--recurse', '--important', 'depends', packageName]);
  const names = [...text.matchAll(/^ *(?:Pre)?Depends: ([^<\s:]+)/gm)].map(([, name]) => name);
  return [...new Set(names)].filter((name) => wanted.test(name));
}

function ownLists(folder) {
  const lists = path.join(folder, 'apt', 'lists');
  const cache = path.join(folder, 'apt', 'cache');
  mkdirSync(path.join(lists, 'partial'), { recursive: true });
  mkdirSync(path.join(cache, 'archives', 'partial'), { recursive: true });
  const options = [`Dir::State::Lists=${lists}`, `Dir::Cache=${cache}`, 'APT::Sandbox::User=root'];
  return options.flatMap((option) => ['-o', option]);
}

/** Returns the file of a program on the path, or undefined. */
export function findOnPath(name) {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
