// GNU binutils: an assembler and a linker to make shared libraries with, and addr2line, which names the functions of
// machine code. Taken from the path, or else unpacked from Debian's packages without installing them.
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PEERS } from '../bootstrap.mjs';
import { run } from '../run-command.mjs';
import { makeFolder } from '../stamped-folder.mjs';
import { findOnPath, unpackFromDebian } from './debian.mjs';

const TOOLS = ['addr2line', 'as', 'ld', 'nm', 'objdump'];

/** Libraries that the tools need besides the system's own; their names contain version numbers. */
const LIBRARIES = /^lib(?:binutils|ctf|sframe|jansson|zstd)/;

/** Returns the peer; its path is the folder of the tools. */
export function binutilsPeer() {
  return {
    name: 'binutils',
    bring: async () => {
      const folders = TOOLS.map(findOnPath).map((file) => file && path.dirname(file));
      const [first] = folders;
      if (first && folders.every((folder) => folder === first)) return first;
      return bringUnpacked();
    },
  };
}

async function bringUnpacked() {
  const folder = path.join(PEERS, 'binutils-debian');
  // The wrappers contain the absolute paths of the libraries: a moved checkout needs new ones.
  await makeFolder(folder, `unpacked in ${folder}`, unpackTools);
  return path.join(folder, 'bin');
}

async function unpackTools(folder) {
  const triplet = (await run('dpkg-architecture', ['-qDEB_HOST_GNU_TYPE']).catch(guessTriplet)).trim();
  const packageName = `binutils-${triplet.replaceAll('_', '-')}`;
  await unpackFromDebian(packageName, folder, LIBRARIES);
  const libraries = readdirSync(path.join(folder, 'usr', 'lib')).map((name) =>
    path.join(folder, 'usr', 'lib', name),
  );
  const bin = path.join(folder, 'bin');
  rmSync(bin, { recursive: true, force: true });
  mkdirSync(bin);
  for (const tool of TOOLS) {
    const file = path.join(bin, tool);
    const program = path.join(folder, 'usr', 'bin', `${triplet}-${tool}`);
    writeFileSync(file, `#!/bin/sh\nLD_LIBRARY_PATH='${libraries.join(':')}' exec '${program}' "$@"\n`);
    chmodSync(file, 0o755);
  }
}

/** Returns the multiarch name of this machine, because `dpkg-architecture` is often not installed. */
function guessTriplet() {
  return `${{ x64: 'x86_64', arm64: 'aarch64' }[process.arch] ?? process.arch}-linux-gnu`;
}
