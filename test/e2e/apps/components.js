// A program with components, each of which leaks 3 MiB through a dependency while it works.
import { setTimeout as delay } from 'node:timers/promises';
import { profileComponent } from '@heapray/instrumentation';
import { rememberOrder } from 'order-cache';

const ORDERS = 12;
/** Long enough for a capture to begin. */
const MILLIS = 800;
let number = 0;

function work(millis) {
  const end = performance.now() + millis;
  while (performance.now() < end);
  // With --expose-gc: garbage that is not collected looks like a leak.
  globalThis.gc?.();
}

const schedule = profileComponent('scheduler', async (what) => {
  work(MILLIS / 2);
  await delay(MILLIS / 2);
  for (let i = 0; i < ORDERS; i++) {
    rememberOrder(number++);
    await delay(1);
  }
  return `scheduled ${what}`;
});

const processDags = profileComponent('dag_processor', (what) => {
  work(MILLIS);
  for (let i = 0; i < ORDERS; i++) rememberOrder(number++);
  return `processed ${what}`;
});

const trigger = profileComponent('triggerer', () => {
  work(MILLIS);
  for (let i = 0; i < ORDERS; i++) rememberOrder(number++);
  throw new Error('broken on purpose');
});

const importOrders = profileComponent('importer', () => {
  work(MILLIS);
  for (let i = 0; i < ORDERS; i++) rememberOrder(number++);
  return 'imported';
});

console.log(await schedule('books'));
console.log(processDags('toys'));
try {
  trigger();
} catch (error) {
  console.log(error.message);
}
console.log(importOrders());
