// A service that is one component, and another one during its work. Leaks LEAK_MIB, and the same amount again on SIGHUP.
import { profileComponent } from '@heapray/instrumentation';
import { rememberOrder } from 'order-cache';

const ORDERS = 4 * Number(process.env.LEAK_MIB);
let number = 0;

function leak(what) {
  for (let i = 0; i < ORDERS; i++) rememberOrder(number++);
  globalThis.gc?.();
  console.log(what);
}

const work = profileComponent('worker', async () => {
  leak('leaked');
  await new Promise((resolve) => process.once('SIGHUP', resolve));
  leak('leaked more');
  await new Promise(() => {});
});

setInterval(() => {}, 60_000);
await work();
