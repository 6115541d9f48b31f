// Waits for heapray's debug server, uses up all file descriptors, ends the profiler thread, and frees the descriptors after
// the time in which the thread is started again.
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

setInterval(() => {}, 60_000);
await new Promise((resolve) => process.once('SIGHUP', resolve));
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
