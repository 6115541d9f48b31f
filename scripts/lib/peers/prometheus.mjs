// Prometheus and promtool: those on the path, or else those of Debian's package, unpacked but not installed.
import { accessSync, constants, mkdirSync, readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { PEERS } from '../bootstrap.mjs';
import { run } from '../run-command.mjs';
import { makeFolder } from '../stamped-folder.mjs';

const FOLDER = path.join(PEERS, 'prometheus-debian');

export function prometheusPeers() {
  let unpacked;
  return ['prometheus', 'promtool'].map((name) => ({
    name,
    bring: async () => {
      const found = findOnPath(name);
      if (found) return found;
      unpacked ??= makeFolder(FOLDER, 'unpacked', unpackFromDebian);
      await unpacked;
      return path.join(FOLDER, 'usr', 'bin', name);
    },
  }));
}

async function unpackFromDebian(folder) {
  try {
    await download(folder, []);
  } catch {
    // No package list, or an old one. A list of our own needs no rights and changes nothing on the machine.
    const own = ownLists(folder);
    await run('apt-get', [...own, 'update']);
    await download(folder, own);
  }
  const deb = readdirSync(folder).find((file) => file.endsWith('.deb'));
  if (!deb) throw new Error('apt-get downloaded no prometheus package');
  await run('dpkg', ['-x', path.join(folder, deb), folder]);
  for (const used of [deb, 'apt']) await rm(path.join(folder, used), { recursive: true, force: true });
}

function download(folder, options) {
  // Without the sandbox user, which could not write into this folder, apt-get would print a warning.
  return run('apt-get', [...options, '-o', 'APT::Sandbox::User=root', 'download', 'prometheus'], {
    cwd: folder,
  });
}

function ownLists(folder) {
  const lists = path.join(folder, 'apt', 'lists');
  const cache = path.join(folder, 'apt', 'cache');
  mkdirSync(path.join(lists, 'partial'), { recursive: true });
  mkdirSync(path.join(cache, 'archives', 'partial'), { recursive: true });
  const options = [`Dir::State::Lists=${lists}`, `Dir::Cache=${cache}`, 'APT::Sandbox::User=root'];
  return options.flatMap((option) => ['-o', option]);
}

function findOnPath(name) {
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
