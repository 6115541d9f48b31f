// Makes projects as a user has them: a fixture's dependencies from its lockfile, then our tarballs. They lie outside
// the checkout, because Node looks for packages in every folder above a file. Below the checkout, a missing dependency
// would be found in its node_modules.
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
/** The native sampler, an optional package: npm succeeds without it if it cannot be fetched. */
const OPTIONAL = '@datadog/pprof';
/** Age after which the projects of a missing checkout are removed. A younger one may be in a container, running its tests. */
const ABANDONED_MILLIS = 24 * 3_600_000;
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

/** Fixtures that are too large to have a copy without the native sampler. */
const WHOLE_ONLY = ['build-tools', 'launchers'];

/** Returns every fixture twice: complete, and without the optional native sampler. */
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

/** Returns the names of the fixture projects. */
export function fixtureNames() {
  return readdirSync(FIXTURES).filter((name) => existsSync(path.join(FIXTURES, name, 'package-lock.json')));
}

function wholeProject(name, prepareOnce) {
  let bringing;
  const bring = async () => {
    const packs = await prepareOnce();
    const folder = path.join(HOME, name);
    // Retry from the start if it fails, because npm may have left half a package.
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
      // A key of its own, because the copy contains the stamp of the whole project.
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
  // Write in one step and in every run: other runs read which checkout this is, and when it was last used.
  const draft = path.join(HOME, `checkout.${process.pid}`);
  writeFileSync(draft, ROOT);
  renameSync(draft, path.join(HOME, 'checkout'));
  return packPackages();
}

/** Removes the projects of checkouts that no longer exist. */
export async function removeAbandonedProjects(cache = USER_CACHE) {
  const homes = existsSync(cache) ? readdirSync(cache) : [];
  for (const home of homes.map((name) => path.join(cache, name))) {
    try {
      if (isAbandoned(path.join(home, 'checkout'))) await rm(home, { recursive: true, force: true });
    } catch (error) {
      // A run of another checkout may be removing or making it at the same time.
      if (error.code !== 'ENOENT') note(`cannot remove ${home}: ${error.message}`);
    }
  }
}

function isAbandoned(file) {
  const isOld = Date.now() - statSync(file).mtimeMs > ABANDONED_MILLIS;
  return isOld && !existsSync(readFileSync(file, 'utf8'));
}

/** Runs `npm ci` from the fixture's lockfile; again, too, when our packages have other dependencies. */
async function installLocked(folder, name, key) {
  const make = async () => {
    copyFixture(name, folder);
    await run('npm', ['ci', ...QUIET], { cwd: folder, env: nestedNpmEnv() });
    insistOn(missingPackages(folder));
  };
  // No retries here: the caller retries.
  await makeFolder(folder, key, make, []);
}

function insistOn(missing) {
  if (missing.length > 0) throw new Error(`npm could not fetch ${missing.join(', ')}`);
}

/** Installs all tarballs with one npm call: they depend on each other and are on no registry. */
async function installTarballs(folder, { tarballs, key }, folderKey) {
  const modules = path.join(folder, 'node_modules');
  if (isComplete(modules, key)) return;
  markIncomplete(folder);
  // Remove earlier copies: npm would keep their contents, since name and version are the same.
  for (const earlier of [...OURS, '.package-lock.json']) {
    rmSync(path.join(modules, earlier), { recursive: true, force: true });
  }
  const args = ['install', '--no-save', '--no-package-lock', ...QUIET, ...tarballs];
  await run('npm', args, { cwd: folder, env: nestedNpmEnv() });
  insistOn([OPTIONAL].filter((one) => !existsSync(path.join(modules, one, 'package.json'))));
  markComplete(modules, key);
  markComplete(folder, folderKey);
}

/** Copies our packages from the whole project, which is quicker than installing again. */
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
