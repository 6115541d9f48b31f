// Packs the packages as they would be published: `npm pack` tarballs under .cache/packs, made again when a packed
// file has changed.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { CACHE, digest, nestedNpmEnv, ROOT } from './bootstrap.mjs';
import { run } from './run-command.mjs';
import { makeFolder } from './stamped-folder.mjs';

const PACKAGES = ['exporter', 'instrumentation', 'cli'].map((name) => path.join(ROOT, 'packages', name));
const NOT_PACKED = ['src', 'test', 'bench', 'node_modules'];

/** Returns the tarballs, a key of their contents, and a key of the dependencies in their manifests. */
export async function packPackages() {
  const folder = path.join(CACHE, 'packs');
  const key = digest(PACKAGES.flatMap((one) => packedFiles(one)));
  await makeFolder(folder, key, () => runNpmPack(folder));
  const tarballs = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  return { tarballs: tarballs.map((file) => path.join(folder, file)), key, dependencies: dependenciesKey() };
}

async function runNpmPack(folder) {
  const workspaces = PACKAGES.flatMap((one) => ['--workspace', one]);
  const args = ['pack', '--loglevel=error', '--pack-destination', folder, ...workspaces];
  await run('npm', args, { env: nestedNpmEnv() });
}

/** Returns names and contents of the files that a package may publish. */
function packedFiles(folder) {
  const names = readdirSync(folder, { recursive: true }).filter(isPacked).sort();
  const files = names.map((name) => path.join(folder, name)).filter((file) => statSync(file).isFile());
  return files.flatMap((file) => [`name ${path.relative(ROOT, file)}`, file]);
}

function isPacked(file) {
  return !NOT_PACKED.includes(file.split(path.sep)[0]) && !file.endsWith('.tsbuildinfo');
}

function dependenciesKey() {
  const manifests = PACKAGES.map((one) => path.join(one, 'package.json')).filter(existsSync);
  return digest(manifests.map((file) => readFileSync(file, 'utf8')));
}
