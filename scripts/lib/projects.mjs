// Projects as a user has them: a fixture's dependencies from its lockfile, then our tarballs. They lie outside
// the checkout, because Node looks for packages in every folder above a file: below the checkout they would
// find its node_modules, and a missing dependency would go unseen.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { digest, nestedNpmEnv, note, ROOT } from './bootstrap.mjs';
import { missingPackages } from './installed.mjs';
import { packPackages } from './packs.mjs';
import { withRetries } from './retry.mjs';
import { run } from './run-command.mjs';
import { isComplete, makeFolder, markComplete, markIncomplete } from './stamped-folder.mjs';

const FIXTURES = path.join(ROOT, 'test', 'fixtures');
const USER_CACHE = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'),
  'heapray-projects',
);
const HOME = path.join(USER_CACHE, digest([`projects of ${ROOT}`]).slice(0, 16));
const OURS = ['@heapray', 'heapray'];
/** The native sampler, an optional package: npm succeeds without it when it cannot be fetched. */
const OPTIONAL = '@datadog/pprof';
/** Nobody runs tests for so long. A checkout that is not seen may be another container's, in the midst of its tests. */
const ABANDONED_MILLIS = 24 * 3_600_000;
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

/** Tests need these only as they are: they are large. */
const WHOLE_ONLY = ['build-tools', 'launchers'];

/** Every fixture twice: as it is, and without the optional native sampler. */
export function projectPeers(names) {
  let preparing;
  const prepareOnce = () => {
    preparing ??= prepareHome();
    return preparing;
  };
  return names.flatMap((name) => {
    const whole = wholeProject(name, prepareOnce);
    return WHOLE_ONLY.includes(name) ? [whole] : [whole, reducedProject(name, whole, prepareOnce)];
  });
}

/** The names of the fixture projects. */
export function fixtureNames() {
  return readdirSync(FIXTURES).filter((name) => existsSync(path.join(FIXTURES, name, 'package-lock.json')));
}

function wholeProject(name, prepareOnce) {
  let bringing;
  const bring = async () => {
    const packs = await prepareOnce();
    const folder = path.join(HOME, name);
    // Once more from the start when it fails, because npm may have left half a package.
    await withRetries(name, async () => {
      const key = digest([packs.dependencies, lockKey(name)]);
      await installLocked(folder, name, key);
      copyFixture(name, folder);
      await installTarballs(folder, packs, key);
    });
    return folder;
  };
  return {
    name: `project-${name}`,
    bring: () => {
      bringing ??= bring();
      return bringing;
    },
  };
}

function reducedProject(name, whole, prepareOnce) {
  return {
    name: `project-${name}-reduced`,
    bring: async () => {
      const source = await whole.bring();
      const folder = path.join(HOME, `${name}-reduced`);
      const { dependencies, key } = await prepareOnce();
      // A key of its own: the copy brings the whole project's stamp with it before it is reduced.
      await makeFolder(folder, digest(['reduced', dependencies, lockKey(name)]), async () => {
        await run('cp', ['-RP', `${source}/.`, folder]);
        rmSync(path.join(folder, 'node_modules', '@datadog'), { recursive: true, force: true });
      });
      await copyPackages(source, folder, key);
      copyFixture(name, folder);
      return folder;
    },
  };
}

async function prepareHome() {
  mkdirSync(HOME, { recursive: true });
  // Written in one step and in every run: others read whose it is, and when it was used.
  const draft = path.join(HOME, `checkout.${process.pid}`);
  writeFileSync(draft, ROOT);
  renameSync(draft, path.join(HOME, 'checkout'));
  return packPackages();
}

/** Removes the projects of checkouts that are gone. */
export async function removeAbandonedProjects(cache = USER_CACHE) {
  const homes = existsSync(cache) ? readdirSync(cache) : [];
  for (const home of homes.map((name) => path.join(cache, name))) {
    try {
      if (isAbandoned(path.join(home, 'checkout'))) await rm(home, { recursive: true, force: true });
    } catch (error) {
      // Another checkout's run may be removing it, or making it, at the same time.
      if (error.code !== 'ENOENT') note(`cannot remove ${home}: ${error.message}`);
    }
  }
}

function isAbandoned(file) {
  const isOld = Date.now() - statSync(file).mtimeMs > ABANDONED_MILLIS;
  return isOld && !existsSync(readFileSync(file, 'utf8'));
}

/** `npm ci` from the fixture's lockfile; anew, too, when our packages ask for other dependencies. */
async function installLocked(folder, name, key) {
  const make = async () => {
    copyFixture(name, folder);
    await run('npm', ['ci', ...QUIET], { cwd: folder, env: nestedNpmEnv() });
    insistOn(missingPackages(folder));
  };
  // The caller tries again.
  await makeFolder(folder, key, make, []);
}

function insistOn(missing) {
  if (missing.length > 0) throw new Error(`npm could not fetch ${missing.join(', ')}`);
}

/** One npm call for all tarballs: they depend on each other and are on no registry. */
async function installTarballs(folder, { tarballs, key }, folderKey) {
  const modules = path.join(folder, 'node_modules');
  if (isComplete(modules, key)) return;
  markIncomplete(folder);
  // npm would take the earlier contents for these, since name and version are the same.
  for (const earlier of [...OURS, '.package-lock.json']) {
    rmSync(path.join(modules, earlier), { recursive: true, force: true });
  }
  const args = ['install', '--no-save', '--no-package-lock', ...QUIET, ...tarballs];
  await run('npm', args, { cwd: folder, env: nestedNpmEnv() });
  insistOn([OPTIONAL].filter((one) => !existsSync(path.join(modules, one, 'package.json'))));
  markComplete(modules, key);
  markComplete(folder, folderKey);
}

/** Our packages as npm has installed them in the whole project, which is quicker than installing again. */
async function copyPackages(source, folder, key) {
  const modules = path.join(folder, 'node_modules');
  if (isComplete(modules, key)) return;
  markIncomplete(modules);
  for (const name of OURS) {
    rmSync(path.join(modules, name), { recursive: true, force: true });
    await run('cp', ['-RP', path.join(source, 'node_modules', name), modules]);
  }
  markComplete(modules, key);
}

function copyFixture(name, folder) {
  const keep = (file) => path.basename(file) !== 'node_modules';
  cpSync(path.join(FIXTURES, name), folder, { recursive: true, filter: keep });
}

function lockKey(name) {
  return digest(['package.json', 'package-lock.json'].map((file) => path.join(FIXTURES, name, file)));
}
