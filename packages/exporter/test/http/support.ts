import { atEnd } from '../../../../test/support/cleanup.js';
import { type HttpHandler, type HttpServer, startHttpServer, textAnswer } from '../../src/http/index.js';

const LOOPBACK = { host: '127.0.0.1', port: 0 };

/** Starts a server with a page `/page` and the given pages. */
export async function startServer(
  pages: Readonly<Record<string, HttpHandler>> = {},
  listen: { readonly host: string; readonly port: number } = LOOPBACK,
): Promise<HttpServer> {
  const all = { '/page': () => textAnswer('a page\n'), ...pages };
  const server = await startHttpServer(listen, new Map(Object.entries(all)));
  atEnd(() => server.close());
  return server;
}

/** Returns a page that answers when the test says so. */
export function heldPage() {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  const handler: HttpHandler = ({ query, signal }) => {
    const name = query.get('name') ?? '';
    asked.push(name);
    return new Promise((resolve) => {
      waiting.push(() => resolve(textAnswer(`${name}\n`)));
      signal.addEventListener('abort', () => asked.push(`${name} left`));
    });
  };
  return { asked, handler, answerNext: () => waiting.shift()?.() };
}
