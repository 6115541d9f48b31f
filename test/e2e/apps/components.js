// A program with components, each of which leaks 3 MiB through a dependency while it works.
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { profileComponent } from '@heapray/instrumentation';
import { rememberOrder } from 'order-cache';

const ORDERS = 12;
const traced = (process.env.HEAPRAY_TRACE_COMPONENTS ?? '').split(/, */);
let number = 0;

/** Works without a pause until the component's capture has begun, if it is to have one. */
function work(component) {
  while (traced.includes(component) && !existsSync(`heapray/${component}_memory.bin`));
  // With --expose-gc: uncollected garbage looks like a leak.
  globalThis.gc?.();
}

const schedule = profileComponent('scheduler', async (what) => {
  await delay(1);
  work('scheduler');
  await delay(1);
  for (let i = 0; i < ORDERS; i++) {
    rememberOrder(number++);
    await delay(1);
  }
  return `scheduled ${what}`;
});

const processDags = profileComponent('dag_processor', (what) => {
  work('dag_processor');
  for (let i = 0; i < ORDERS; i++) rememberOrder(number++);
  return `processed ${what}`;
});

const trigger = profileComponent('triggerer', () => {
  work('triggerer');
  for (let i = 0; i < ORDERS; i++) rememberOrder(number++);
  throw new Error('broken on purpose');
});

const importOrders = profileComponent('importer', () => {
  work('importer');
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
