// Leaks 1 MiB. At SIGUSR2 it uses up all file descriptors, leaks 1 MiB more, and frees the descriptors.
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { rememberOrder } from 'order-cache';

const ORDERS = 4;
let number = 0;

for (let i = 0; i < ORDERS; i++) rememberOrder(number++);
console.log('ready');
const alive = setInterval(() => {}, 60_000);
await new Promise((resolve) => process.once('SIGUSR2', resolve));
const files = [];
try {
  for (;;) files.push(openSync('/dev/null'));
} catch (error) {
  console.log(error.code);
}
for (let i = 0; i < ORDERS; i++) {
  rememberOrder(number++);
  await delay(500);
}
for (const file of files) closeSync(file);
globalThis.gc?.();
console.log('leaked');
clearInterval(alive);
setInterval(() => {}, 60_000);
