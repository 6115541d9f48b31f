import { addressText, startHttpServer } from '@heapray/exporter/http';
import { CommandError, messageOf } from '../errors.js';

/** Headers of the page, which has a content security policy of its own. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
};

/** A page on a port of this machine. */
export interface ServedPage {
  readonly url: string;
  close(): void;
}

/**
 * Serves a page on a free port of the loopback interface.
 *
 * @throws CommandError (rejects) if no port can be opened
 */
export async function servePage(html: string): Promise<ServedPage> {
  const page = { type: 'text/html; charset=utf-8', body: html, headers: HEADERS };
  try {
    const server = await startHttpServer({ host: '127.0.0.1', port: 0 }, new Map([['/', () => page]]), {
      index: '/',
    });
    return { url: `http://${addressText(server.address)}/`, close: () => server.close() };
  } catch (cause) {
    throw new CommandError(`the page cannot be served: ${messageOf(cause)}`, { cause });
  }
}
