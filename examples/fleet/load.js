// Sends requests to the three services at a steady rate, until it is ended.
//
//   node load.js ACCOUNTS_URL IMAGES_URL SEARCH_URL
import http from 'node:http';

const REQUEST_MILLIS = 25;
const MAX_PENDING = 20;
const PICTURES = 500;

const [, , accounts, images, search] = process.argv;
const agent = new http.Agent({ keepAlive: true });
let pending = 0;
let count = 0;

setInterval(() => {
  count++;
  send(`${accounts}/session?customer=customer-${count}`);
  send(`${images}/thumbnail?picture=${Math.floor(Math.random() * PICTURES)}`);
  send(`${search}/search?text=${count % 100}`);
}, REQUEST_MILLIS);

/** Sends a request; a service that is not there, or slow, is left alone. */
function send(url) {
  if (pending >= MAX_PENDING) return;
  pending++;
  const request = http.get(url, { agent, timeout: 5_000 }, (response) => response.resume());
  request.on('timeout', () => request.destroy());
  request.on('error', () => {});
  request.on('close', () => pending--);
}
