// At SIGHUP it uses up all file descriptors, ends the profiler thread, and frees the descriptors after the time in which the
// thread is started again. Prints `ready` when it listens to the signal.
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

setInterval(() => {}, 60_000);
await new Promise((resolve) => {
  process.once('SIGHUP', resolve);
  console.log('ready');
});
const files = [];
try {
  for (;;) files.push(openSync('/dev/null'));
} catch (error) {
  console.log(error.code);
}
process.kill(process.pid, 'SIGUSR2');
await delay(3_000);
for (const file of files) closeSync(file);
console.log('survived');
