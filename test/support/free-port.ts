import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems use for outgoing connections, because one of these could take the port meanwhile. */
const FIRST = 20_000;
/** Ports per test file. Files that run side by side need separate ranges: a port is in use only once its service runs. */
const COUNT = 1_500;
const SHARES = 8;

const share = FIRST + (Number(process.env.VITEST_POOL_ID ?? 0) % SHARES) * COUNT;
let next = Math.floor(Math.random() * COUNT);

/** Returns a port of 127.0.0.1 that is free now. It is not returned again, to this test or another. */
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
