// A service that leaks through a dependency and makes garbage, at a steady pace until it is stopped.
//
// LEAK_MIB      after this much it prints `leaked` and is idle; without it, it prints that at 64 MiB and leaks on
// CHURN_MIB     garbage per 256 KiB leaked
// KEEP_RECEIPTS number of the newest receipts that live on, of some 23 KiB each (default: 0)
// ORDER_MILLIS  gap between two leaks of 256 KiB (default: 5)
import { rememberOrder } from 'order-cache';

const ORDER_MIB = 1 / 4;
const LINES = 100;
const LINES_PER_MIB = 4500;
const leakMib = Number(process.env.LEAK_MIB ?? 64);
const receipts = (LINES_PER_MIB * Number(process.env.CHURN_MIB ?? 0.4)) / LINES;
const keepReceipts = Number(process.env.KEEP_RECEIPTS ?? 0);
const newest = [];
let made = 0;
let orders = 0;

function renderReceipt() {
  const lines = [];
  for (let i = 0; i < LINES; i++) lines.push({ i, text: `line ${i}`, more: [i, i, i, i] });
  if (keepReceipts > 0) newest[made++ % keepReceipts] = lines;
  return lines.length;
}

function printReceipts() {
  for (let i = 0; i < receipts; i++) renderReceipt();
}

/** Called too rarely to be optimised: an optimised function replaces its callees in a profile. */
function serve() {
  if (orders * ORDER_MIB < leakMib) rememberOrder(orders++);
  else if (process.env.LEAK_MIB) {
    clearInterval(timer);
    setInterval(() => {}, 60_000);
    // With --expose-gc: uncollected garbage looks like a leak.
    globalThis.gc?.();
    console.log('leaked');
    return;
  }
  printReceipts();
}

const timer = setInterval(serve, Number(process.env.ORDER_MILLIS ?? 5));
console.log('ready');
