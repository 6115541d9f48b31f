// Customers: sends requests to the service at a steady rate for a while. A process of its own, so that
// its memory is not the service's.
//
//   node load.js URL [SECONDS] [REQUESTS_PER_SECOND]
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { log } from './log.js';

const [, , url, seconds = '60', rate = '300'] = process.argv;
const CONNECTIONS = 16;
const MAX_PENDING = 4 * CONNECTIONS;
const TICK_MILLIS = 10;
const PRODUCTS = 3000;
const REQUEST_MILLIS = 5_000;

if (!url || !(Number(seconds) > 0) || !(Number(rate) > 0)) {
  process.stderr.write('usage: node load.js URL [SECONDS] [REQUESTS_PER_SECOND]\n');
  process.exit(2);
}

const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const random = randomFrom(1);
const counts = { sent: 0, ok: 0, failed: 0 };
let lastError = '';

const start = performance.now();
const end = start + Number(seconds) * 1000;
const pending = new Set();
for (let now = start; now < end; now = performance.now()) {
  const due = ((now - start) / 1000) * Number(rate);
  // Limit the pending requests, for a slow service.
  while (counts.sent < due && pending.size < MAX_PENDING) {
    const request = send().finally(() => pending.delete(request));
    pending.add(request);
  }
  await delay(TICK_MILLIS);
}
await Promise.all(pending);
agent.destroy();
log('info', 'load done', counts);
if (counts.failed > counts.sent / 100) {
  log('error', 'failed', { text: `${counts.failed} of ${counts.sent} requests, the last one: ${lastError}` });
  process.exitCode = 1;
}

async function send() {
  counts.sent++;
  try {
    const status = await exchange(nextRequest());
    // 404 is right for an order that has expired.
    if (status < 400 || status === 404) counts.ok++;
    else throw new Error(`status ${status}`);
  } catch (error) {
    counts.failed++;
    lastError = error.message;
  }
}

/** Returns a request: seven of ten are new orders; the others ask for orders, receipts and products. */
function nextRequest() {
  const dice = random();
  const recent = 1 + Math.floor(random() * Math.max(1, counts.ok / 2));
  if (dice < 0.7) return { method: 'POST', path: '/orders', body: JSON.stringify(newOrder()) };
  if (counts.ok < 100) return { method: 'GET', path: `/products/${someSku()}` };
  if (dice < 0.8) return { method: 'GET', path: `/orders/${recent}` };
  return { method: 'GET', path: `/products/${someSku()}` };
}

function newOrder() {
  const lines = Array.from({ length: 10 + Math.floor(random() * 30) }, () => ({
    sku: someSku(),
    quantity: 1 + Math.floor(random() * 12),
  }));
  return { customer: `customer-${Math.floor(random() * 5000)}`, lines };
}

function someSku() {
  return `sku-${String(Math.floor(random() * PRODUCTS)).padStart(4, '0')}`;
}

function exchange({ method, path, body }) {
  return new Promise((resolve, reject) => {
    const request = http.request(
      new URL(path, url),
      { method, agent, timeout: REQUEST_MILLIS },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode));
        response.once('error', reject);
      },
    );
    request.once('timeout', () => request.destroy(new Error('no answer in time')));
    request.once('error', reject);
    request.end(body);
  });
}

/** Returns a random generator with a seed, so that every run sends the same (Lehmer, modulus 2^31 - 1). */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
