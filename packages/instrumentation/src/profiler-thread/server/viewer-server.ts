import net from 'node:net';

/** A viewer's connection, for the writing side. Its methods do not throw when the viewer is gone. */
export interface Viewer {
  /** Bytes written that the system has not taken yet. */
  readonly pendingBytes: number;
  write(bytes: Uint8Array): void;
  /** Sends what is pending and closes. Resolves when that is done, or after `millis` ms. */
  end(millis: number): Promise<void>;
}

export interface ViewerHandlers {
  connected(viewer: Viewer): void;
  /** Called when everything pending has been sent. */
  drained(): void;
  disconnected(): void;
}

export interface ViewerServer {
  /** Stops accepting viewers; a connected one stays connected. */
  close(): void;
}

/** Both loopback addresses, because viewers resolve "localhost", which may be either. */
const LOOPBACK = ['127.0.0.1', '::1'] as const;
/** Error codes of a machine without IPv6. */
const NO_SUCH_ADDRESS: ReadonlySet<string | undefined> = new Set([
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'EINVAL',
  'EPROTONOSUPPORT',
]);

/**
 * Listens on a port of the loopback addresses for viewers, which only read. Accepts one viewer at a time and
 * closes further connections at once.
 *
 * @throws (rejects) when the port is in use or not permitted
 */
export async function startViewerServer(port: number, handlers: ViewerHandlers): Promise<ViewerServer> {
  const door = new Door(handlers);
  const servers: net.Server[] = [];
  const close = () => {
    for (const server of servers) server.close();
  };
  try {
    for (const host of LOOPBACK) {
      const server = await listen(host, port, door);
      if (server) servers.push(server);
    }
  } catch (error) {
    close();
    throw error;
  }
  return { close };
}

function listen(host: string, port: number, door: Door): Promise<net.Server | undefined> {
  const server = net.createServer((socket) => door.enter(socket));
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (host !== LOOPBACK[0] && NO_SUCH_ADDRESS.has(error.code)) resolve(undefined);
      else reject(error);
    });
    server.listen({ port, host, ipv6Only: true, exclusive: true }, () => {
      server.removeAllListeners('error');
      server.on('error', () => {});
      resolve(server);
    });
  });
}

/** Lets one viewer connect at a time. */
class Door {
  readonly #handlers: ViewerHandlers;
  #taken = false;

  constructor(handlers: ViewerHandlers) {
    this.#handlers = handlers;
  }

  enter(socket: net.Socket): void {
    // Ignore errors: a viewer quits with EPIPE or ECONNRESET.
    socket.on('error', () => {});
    if (this.#taken) {
      socket.destroy();
      return;
    }
    this.#taken = true;
    socket.on('drain', () => this.#handlers.drained());
    socket.once('close', () => {
      this.#taken = false;
      this.#handlers.disconnected();
    });
    // Read and discard: a viewer sends nothing, but its end is detected only by reading.
    socket.resume();
    this.#handlers.connected(new SocketViewer(socket));
  }
}

class SocketViewer implements Viewer {
  readonly #socket: net.Socket;

  constructor(socket: net.Socket) {
    this.#socket = socket;
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  end(millis: number): Promise<void> {
    const socket = this.#socket;
    if (!socket.writable) {
      socket.destroy();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        socket.destroy();
        resolve();
      };
      const timer = setTimeout(done, millis);
      socket.once('close', done);
      socket.end(done);
    });
  }
}
