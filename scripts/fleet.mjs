// `npm run fleet`: prepares a fresh clone, brings Prometheus, then runs the services of examples/fleet until Ctrl-C.
// `npm run fleet -- --free-ports` takes ports that are free.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ensureBuilt, ensureInstalled, NODE, note, ROOT, runEnv } from './lib/bootstrap.mjs';
import { withBootstrapLock } from './lib/bootstrap-lock.mjs';
import { debianPeers } from './lib/peers/debian.mjs';

const prometheus = await withBootstrapLock(async () => {
  ensureInstalled();
  ensureBuilt();
  return bringPrometheus();
});

const script = path.join(ROOT, 'examples', 'fleet', 'main.js');
const fleet = spawn(NODE, [script, ...process.argv.slice(2)], {
  cwd: ROOT,
  env: runEnv(prometheus === undefined ? {} : { PROMETHEUS: prometheus }),
  stdio: ['ignore', 'inherit', 'inherit'],
});
// Pass signals on: the fleet ends the processes that it has started, and this process must last until then.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => fleet.kill(signal));
fleet.on('error', (error) => {
  note(`cannot run ${NODE}: ${error.message}`);
  process.exit(1);
});
fleet.on('close', (code) => {
  process.exitCode = code ?? 1;
});

/** Returns the path of Prometheus: on the path, or unpacked from Debian's package; undefined if there is neither. */
async function bringPrometheus() {
  const peer = debianPeers().find(({ name }) => name === 'prometheus');
  try {
    return await peer.bring();
  } catch (error) {
    note(`no Prometheus: put the program on the path; ${error.message}`);
    return undefined;
  }
}
