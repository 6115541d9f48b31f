import { setTimeout as delay } from 'node:timers/promises';
import { expireOrders } from 'order-cache';
import { log } from '../log.js';

const PERIOD_MILLIS = 500;
const ORDER_LIFE_MILLIS = 2_000;
const KEPT_REPORTS = 40;

/** Runs periodic work until the signal is aborted. */
export async function runScheduler({ shop, signal }) {
  const reports = [];
  let expired = 0;
  while (!signal.aborted) {
    expired += expireOrders(ORDER_LIFE_MILLIS);
    reports.push(salesReport(shop.sold));
    if (reports.length > KEPT_REPORTS) reports.shift();
    await delay(PERIOD_MILLIS, undefined, { signal }).catch(() => {});
  }
  log('info', 'scheduler stopped', { expired, reports: reports.length });
}

/** Returns the bestsellers, as text for the next mail. */
function salesReport(sold) {
  const rows = [...sold].map(([sku, pieces]) => ({ sku, pieces }));
  rows.sort((a, b) => b.pieces - a.pieces);
  return JSON.stringify(rows.slice(0, 100));
}
