// `npm run fleet`: prepares a fresh clone, brings Prometheus and a Collector, then runs examples/fleet until Ctrl-C.
// `npm run fleet -- --free-ports` takes ports that are free.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ensureBuilt, ensureInstalled, NODE, note, ROOT, runEnv } from './lib/bootstrap.mjs';
import { withBootstrapLock } from './lib/bootstrap-lock.mjs';
import { collectorPeer } from './lib/peers/collector.mjs';
import { debianPeers } from './lib/peers/debian.mjs';

const programs = await withBootstrapLock(async () => {
  ensureInstalled();
  ensureBuilt();
  const prometheus = debianPeers().find(({ name }) => name === 'prometheus');
  const found = await Promise.all([bring(prometheus), bring(collectorPeer())]);
  return { PROMETHEUS: found[0], COLLECTOR: found[1] };
});

const script = path.join(ROOT, 'examples', 'fleet', 'main.js');
const fleet = spawn(NODE, [script, ...process.argv.slice(2)], {
  cwd: ROOT,
  env: runEnv(programs),
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

/** Returns the path of a program, or an empty text if it cannot be brought: the fleet runs without it. */
async function bring(peer) {
  try {
    return await peer.bring();
  } catch (error) {
    note(`no ${peer.name}: ${error.message}`);
    return '';
  }
}
