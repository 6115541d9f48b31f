// `npm run demo`: prepares a fresh clone, then runs the demo of examples/leaky-service on the pinned Node, which finds a leak.
// Output goes to demo-out/, or to a given folder: `npm run demo -- FOLDER`. With `--ui` the service stays up until Ctrl-C.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ensureBuilt, ensureInstalled, NODE, note, ROOT, runEnv } from './lib/bootstrap.mjs';
import { withBootstrapLock } from './lib/bootstrap-lock.mjs';

await withBootstrapLock(async () => {
  ensureInstalled();
  ensureBuilt();
});
note('running the order service of examples/leaky-service under load ...');

const script = path.join(ROOT, 'examples', 'leaky-service', 'demo', 'main.js');
const args = process.argv.slice(2);
const options = args.filter((arg) => arg.startsWith('-'));
const folder = args.find((arg) => !arg.startsWith('-')) ?? path.join(ROOT, 'demo-out');
const demo = spawn(NODE, [script, ...options, path.resolve(folder)], {
  cwd: ROOT,
  env: runEnv(),
  stdio: ['ignore', 'inherit', 'inherit'],
});
// Pass signals on: the demo ends the processes that it has started, and this process must last until then.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => demo.kill(signal));
demo.on('error', (error) => {
  note(`cannot run ${NODE}: ${error.message}`);
  process.exit(1);
});
demo.on('close', (code) => {
  process.exitCode = code ?? 1;
});
