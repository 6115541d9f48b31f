// A service that leaks through a dependency and makes garbage, at a steady pace until it is stopped.
//
// LEAK_MIB      when so much has leaked, it prints `leaked` and is idle; without, it leaks 64 MiB and goes on
// CHURN_MIB     how much garbage it makes per 256 KiB leaked
// ORDER_MILLIS  how often it leaks 256 KiB (5 without)
import { rememberOrder } from 'order-cache';

const ORDER_MIB = 1 / 4;
const LINES = 100;
const LINES_PER_MIB = 4500;
const leakMib = Number(process.env.LEAK_MIB ?? 64);
const receipts = (LINES_PER_MIB * Number(process.env.CHURN_MIB ?? 0.4)) / LINES;
let orders = 0;

function renderReceipt() {
  const lines = [];
  for (let i = 0; i < LINES; i++) lines.push({ i, text: `line ${i}`, more: [i, i, i, i] });
  return lines.length;
}

function printReceipts() {
  for (let i = 0; i < receipts; i++) renderReceipt();
}

/** Called too rarely to be optimised: an optimised function takes the place of those it calls in a profile. */
function serve() {
  if (orders * ORDER_MIB < leakMib) rememberOrder(orders++);
  else if (process.env.LEAK_MIB) {
    clearInterval(timer);
    setInterval(() => {}, 60_000);
    // With --expose-gc: garbage that is not collected looks like a leak.
    globalThis.gc?.();
    console.log('leaked');
    return;
  }
  printReceipts();
}

const timer = setInterval(serve, Number(process.env.ORDER_MILLIS ?? 5));
console.log('ready');
