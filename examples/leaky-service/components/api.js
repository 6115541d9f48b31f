import { once } from 'node:events';
import http from 'node:http';
import { log } from '../log.js';

const MAX_BODY_BYTES = 100_000;
/** Time that pending requests get when the service stops. */
const GRACE_MILLIS = 1_000;

/** Serves the HTTP API until the signal is aborted. */
export async function runApi({ shop, signal, port }) {
  const server = http.createServer((request, response) => {
    shop.requests++;
    answer(shop, request, response).catch((error) => {
      if (response.headersSent) response.destroy();
      else sendJson(response, error instanceof RangeError ? 400 : 500, { error: error.message });
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  log('info', 'listening', { url: `http://127.0.0.1:${server.address().port}` });
  if (!signal.aborted) await once(signal, 'abort');
  server.close();
  const timer = setTimeout(() => server.closeAllConnections(), GRACE_MILLIS);
  await once(server, 'close');
  clearTimeout(timer);
}

async function answer(shop, request, response) {
  const [, collection, key] = request.url.split('/');
  if (request.method === 'POST' && collection === 'orders') {
    const { number, totals } = shop.takeOrder(parseBody(await readBody(request)));
    return sendJson(response, 201, { number, totals });
  }
  if (request.method === 'GET' && collection === 'orders')
    return sendFound(response, shop.findOrder(Number(key)));
  if (request.method === 'GET' && collection === 'products')
    return sendJson(response, 200, shop.catalogue.product(key));
  if (request.method === 'GET' && collection === 'receipts')
    return sendReceipt(response, shop.receipts.find(Number(key)));
  sendJson(response, 404, { error: 'no such page' });
}

async function readBody(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new RangeError('the body is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseBody(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new RangeError('the body is not JSON');
  }
}

function sendFound(response, order) {
  if (order) sendJson(response, 200, order);
  else sendJson(response, 404, { error: 'no such order' });
}

function sendReceipt(response, bytes) {
  if (!bytes) return sendJson(response, 404, { error: 'no such receipt' });
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(bytes);
}

function sendJson(response, status, value) {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}
