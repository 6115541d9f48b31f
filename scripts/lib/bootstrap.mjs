// Prepares what every entry script needs: dependencies from the lockfile, built packages and the pinned Node.
// Written for the oldest Node that a machine may have (20), without imports of packages, because it runs before anything
// is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeCommonJsEntries } from './commonjs-entries.mjs';
import { missingPackages } from './installed.mjs';
import { removeStaleOutputs } from './stale-outputs.mjs';

/** The checkout's top folder. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The Node binary of the `node` package, which runs tests, demo and benchmarks. */
export const NODE = path.join(ROOT, 'node_modules', 'node', 'bin', 'node');

/** Folder for what the scripts keep between runs. */
export const CACHE = path.join(ROOT, '.cache');

/** The programs that tests compare with: other Nodes, memray, Prometheus. */
export const PEERS = path.join(CACHE, 'peers');

/** Prints one progress line on stderr. */
export function note(text) {
  process.stderr.write(`[heapray] ${text}\n`);
}

/** Runs a command to its end with inherited stderr; ends this process with the command's status if it fails. */
export function must(command, args, options = {}) {
  const { why, status } = attempt(command, args, options);
  if (why !== undefined) fail(why, status);
}

function fail(why, status) {
  note(why);
  process.exit(status || 1);
}

/** Runs a command to its end with inherited stderr; `why` in the result says what went wrong. */
function attempt(command, args, options) {
  const { error, status, signal } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    ...options,
  });
  if (error) return { why: `cannot run ${command}: ${error.message}`, isHopeless: error.code === 'ENOENT' };
  if (status === 0) return {};
  return { why: `failed (status ${status ?? signal}): ${command} ${args.join(' ')}`, status };
}

/** Returns a digest of files and plain strings, which shows whether earlier work can be reused. */
export function digest(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(existsSync(part) ? readFileSync(part) : part).update('\0');
  return hash.digest('hex');
}

/** Does the work unless the stamp file already holds this key. Returns whether it was done. */
export function once(stamp, key, work) {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return false;
  // Remove the stamp first: work that is interrupted must not count as done.
  rmSync(stamp, { force: true });
  work();
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, key);
  return true;
}

/** Installs the dependencies named by the lockfile, unless that was already done. */
export function ensureInstalled() {
  const lock = path.join(ROOT, 'package-lock.json');
  const stamp = path.join(ROOT, 'node_modules', '.heapray-installed');
  once(stamp, digest([lock]), () => {
    note('installing dependencies from package-lock.json (about a minute the first time) ...');
    installFromLock();
  });
}

/** Installs, with retries, because a network may fail for a moment. Waiting may block: this process does nothing else. */
function installFromLock() {
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  for (const pause of [3, 20, 0]) {
    const { why = whyIncomplete(), status, isHopeless } = attempt('npm', args, { env: npmEnv() });
    if (why === undefined) return;
    if (pause === 0 || isHopeless) fail(why, status);
    note(`${why}; next try in ${pause} s`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000 * pause);
  }
}

function whyIncomplete() {
  const missing = missingPackages(ROOT);
  if (missing.length > 0) return `npm could not fetch ${missing.join(', ')}`;
  return existsSync(NODE) ? undefined : `npm has not made ${NODE}: does it run install scripts?`;
}

/** Variables that the outer `npm run` sets, except those about access to a registry. */
const OF_NPM_RUN = /^npm_(config_|lifecycle_|package_|command|execpath|node_execpath)/;
const HOW_TO_REACH = /^npm_config_(registry|.*proxy|ca|cafile|strict_ssl|fetch_.*|maxsockets)$/;

/** Returns the environment for a nested npm, without the variables that the outer `npm run` has set. */
export function npmEnv() {
  const entries = Object.entries(process.env);
  return Object.fromEntries(entries.filter(([key]) => !OF_NPM_RUN.test(key) || HOW_TO_REACH.test(key)));
}

/** Returns the environment in which everything runs: the pinned Node comes first on the path. */
export function runEnv(extra = {}) {
  const bins = [path.dirname(NODE), path.join(ROOT, 'node_modules', '.bin')].join(path.delimiter);
  return { ...process.env, PATH: `${bins}${path.delimiter}${process.env.PATH}`, ...extra };
}

/** Returns the environment for a nested npm that runs on the pinned Node. */
export function nestedNpmEnv() {
  return { ...npmEnv(), PATH: runEnv().PATH };
}

/** Generates static protobuf code and the page's bundle where their sources changed, runs `tsc -b` (incremental), and writes CommonJS entries. */
export function ensureBuilt() {
  generateProto();
  bundlePage();
  for (const name of ['exporter', 'instrumentation', 'cli'])
    removeStaleOutputs(path.join(ROOT, 'packages', name));
  must(NODE, [path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', 'packages/cli'], {
    env: runEnv(),
  });
  for (const name of ['exporter', 'instrumentation']) writeCommonJsEntries(path.join(ROOT, 'packages', name));
}

function generateProto() {
  const source = path.join(ROOT, 'proto', 'pprof', 'profile.proto');
  const out = path.join(ROOT, 'packages', 'exporter', 'generated');
  const script = fileURLToPath(import.meta.url);
  // Kept outside of the generated folder, which is published.
  const stamp = path.join(CACHE, 'generated.stamp');
  if (!existsSync(path.join(out, 'pprof.d.ts'))) rmSync(stamp, { force: true });
  once(stamp, digest([source, script]), () => {
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    const flags = ['--no-create', '--no-verify', '--no-convert', '--no-delimited', '--no-typeurl'];
    const bin = (name) => path.join(ROOT, 'node_modules', 'protobufjs-cli', 'bin', name);
    const js = path.join(out, 'pprof.js');
    must(NODE, [bin('pbjs'), '-t', 'static-module', '-w', 'es6', ...flags, source, '-o', js]);
    must(NODE, [bin('pbts'), '-o', path.join(out, 'pprof.d.ts'), js]);
    // The declaration file uses CommonJS imports, which are not allowed in the types of an ES module.
    const dts = path.join(out, 'pprof.d.ts');
    const text = readFileSync(dts, 'utf8');
    writeFileSync(dts, text.replace('import Long = require("long");', 'import type Long from "long";'));
  });
}

/** Bundles the script and style of the page. */
function bundlePage() {
  const source = path.join(ROOT, 'packages', 'exporter', 'page');
  const script = path.join(ROOT, 'scripts', 'lib', 'bundle-page.mjs');
  const snapshots = path.join(ROOT, 'packages', 'exporter', 'src', 'heap-snapshot');
  const entries = [source, snapshots].flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true }),
  );
  const files = entries.filter((entry) => entry.isFile());
  const parts = [
    script,
    path.join(ROOT, 'package-lock.json'),
    ...files.map((entry) => path.join(entry.parentPath, entry.name)).sort(),
  ];
  const stamp = path.join(CACHE, 'page.stamp');
  // The folder is emptied when the protobuf code is generated.
  const made = path.join(ROOT, 'packages', 'exporter', 'generated', 'page.js');
  if (!existsSync(made)) rmSync(stamp, { force: true });
  once(stamp, digest(parts), () => must(NODE, [script], { env: runEnv() }));
}
