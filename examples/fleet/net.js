import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const PATIENCE_MILLIS = 60_000;

/** Returns a port that is free now. */
export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until a page answers with success; rejects after a minute, or when the signal is aborted. */
export async function answers(url, signal) {
  const until = performance.now() + PATIENCE_MILLIS;
  for (;;) {
    signal.throwIfAborted();
    const response = await fetch(url).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok) return;
    if (performance.now() > until) throw new Error(`${url} does not answer`);
    await delay(200);
  }
}
