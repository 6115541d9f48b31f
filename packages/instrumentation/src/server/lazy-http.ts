import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';

export interface LazyHttpServer {
  readonly address: AddressInfo;
  /** Accepts nobody any more, and cuts off who is connected. */
  close(): void;
}

/** A client that has not sent its request after so long is cut off, when that is looked at next: as often. */
const REQUEST_MILLIS = 5_000;

/**
 * An HTTP server that loads Node's `http` with the first connection: on a thread of its own that takes 3 MiB, 8 where
 * the main thread has not loaded it either, and most processes are never asked.
 *
 * @throws (rejects) when the address is taken or not permitted
 */
export async function startLazyHttp(
  { host, port }: { readonly host: string; readonly port: number },
  maxConnections: number,
  onRequest: RequestListener,
): Promise<LazyHttpServer> {
  // What comes is left unread until there is somebody to read it.
  const door = net.createServer({ pauseOnConnect: true });
  door.maxConnections = maxConnections;
  let closed = false;
  let server: Server | undefined;
  const open = async (): Promise<Server> => {
    const http = await import('node:http');
    if (closed) throw new Error('it is closed');
    server = http.createServer({ connectionsCheckingInterval: REQUEST_MILLIS }, onRequest);
    server.maxConnections = maxConnections;
    server.headersTimeout = REQUEST_MILLIS;
    server.requestTimeout = REQUEST_MILLIS;
    server.on('error', () => {});
    // From now on it accepts connections itself.
    server.listen(door);
    await once(server, 'listening');
    return server;
  };
  let opened: Promise<Server> | undefined;
  let handedOver = 0;
  door.on('connection', (socket) => {
    socket.on('error', () => {});
    opened ??= open();
    opened.then(
      (opener) => {
        if (socket.destroyed) return;
        // These it does not count itself.
        opener.maxConnections = maxConnections - ++handedOver;
        socket.once('close', () => {
          opener.maxConnections = maxConnections - --handedOver;
        });
        opener.emit('connection', socket);
        socket.resume();
      },
      () => socket.destroy(),
    );
  });
  door.listen(port, host);
  await once(door, 'listening');
  door.on('error', () => {});
  return {
    address: door.address() as AddressInfo,
    close() {
      closed = true;
      if (!server) return void door.close();
      server.close();
      server.closeAllConnections();
    },
  };
}
