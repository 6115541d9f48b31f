// What every entry script needs before it can start: dependencies from the lockfile, built packages and
// the Node that everything runs on. Written for the oldest Node a machine may bring (20), with no imports
// outside the standard library, because it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's top folder. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The Node binary of the `node` package: what tests, demo and benchmarks run on. */
export const NODE = path.join(ROOT, 'node_modules', 'node', 'bin', 'node');

/** What the scripts keep between runs. */
export const CACHE = path.join(ROOT, '.cache');

/** The programs that tests compare with: other Nodes, memray, Prometheus. */
export const PEERS = path.join(CACHE, 'peers');

/** Prints one progress line on stderr. */
export function note(text) {
  process.stderr.write(`[heapray] ${text}\n`);
}

/** Runs a command to its end with inherited stderr; ends this process with its status when it fails. */
export function must(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2], ...options });
  if (done.error) {
    note(`cannot run ${command}: ${done.error.message}`);
    process.exit(1);
  }
  if (done.status !== 0) {
    note(`failed (status ${done.status ?? done.signal}): ${command} ${args.join(' ')}`);
    process.exit(done.status || 1);
  }
}

/** A digest of files and plain strings, to tell whether earlier work can be reused. */
export function digest(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(existsSync(part) ? readFileSync(part) : part).update('\0');
  return hash.digest('hex');
}

/** Does the work only if the stamp file does not already hold this key. Returns whether it was done. */
export function once(stamp, key, work) {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return false;
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
    must('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { env: npmEnv() });
  });
}

/** The environment for a nested npm: without what the outer `npm run` put there. */
export function npmEnv() {
  const env = { ...process.env };
  for (const key of Object.keys(env)) {
    if (/^npm_(config_|lifecycle_|package_|command|execpath|node_execpath)/.test(key)) delete env[key];
  }
  return env;
}

/** The environment in which everything runs: the pinned Node comes first on the path. */
export function runEnv(extra = {}) {
  const bins = [path.dirname(NODE), path.join(ROOT, 'node_modules', '.bin')].join(path.delimiter);
  return { ...process.env, PATH: `${bins}${path.delimiter}${process.env.PATH}`, ...extra };
}

/** The environment for a nested npm that runs on the pinned Node. */
export function nestedNpmEnv() {
  return { ...npmEnv(), PATH: runEnv().PATH };
}

/** Generates static protobuf code where `proto/` changed, then runs `tsc -b` (incremental). */
export function ensureBuilt() {
  generateProto();
  must(NODE, [path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', 'packages/cli'], {
    env: runEnv(),
  });
}

function generateProto() {
  const source = path.join(ROOT, 'proto', 'pprof', 'profile.proto');
  const out = path.join(ROOT, 'packages', 'exporter', 'generated');
  const script = fileURLToPath(import.meta.url);
  // Not beside the code, where it would be published with it.
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
    // The declaration file uses CommonJS imports, which an ES module's types may not.
    const dts = path.join(out, 'pprof.d.ts');
    const text = readFileSync(dts, 'utf8');
    writeFileSync(dts, text.replace('import Long = require("long");', 'import type Long from "long";'));
  });
}
