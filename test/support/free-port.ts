import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections, one of which could take it meanwhile. */
const FIRST = 20_000;
/** Test files that run side by side have so many ports each, since a port is in use only when its service has started. */
const COUNT = 1_500;
const SHARES = 8;

const share = FIRST + (Number(process.env.VITEST_POOL_ID ?? 0) % SHARES) * COUNT;
let next = Math.floor(Math.random() * COUNT);

/** A port of 127.0.0.1 that is free at this moment, and that nobody gets without asking for it: no other test either. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = share + (next++ % COUNT);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
