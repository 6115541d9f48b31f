// A server of the live page with answers made up by the test, so that every state can be reached.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { livePage } from '@heapray/exporter/page';
import { atEnd } from '../../support/cleanup.js';

/** An answer of the server. Unless the status is 200 (the default), `body` is a line of text. */
export interface Canned {
  readonly status?: number;
  readonly retryAfter?: string;
  readonly body: unknown;
}

/** Returns the answer to a request of data. A promise that stays open is a slow answer. */
export type Answers = (url: URL) => Canned | Promise<Canned>;

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'";
const { html: SHELL, script: PAGE_SCRIPT, style: PAGE_STYLE, holders: HOLDERS_SCRIPT } = livePage();

/** Serves the page; can go away and come back at the same port. */
export class PageServer {
  #server: Server | undefined;
  #port = 0;
  #answers: Answers;
  /** Paths with queries of all requests of data. */
  readonly requests: string[] = [];

  constructor(answers: Answers) {
    this.#answers = answers;
    atEnd(() => this.stop());
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/debug/ui`;
  }

  answer(answers: Answers): void {
    this.#answers = answers;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#handle(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const send = (type: string, body: string, status = 200, headers = {}): void => {
      response.writeHead(status, {
        'Content-Type': `${type}; charset=utf-8`,
        'Content-Security-Policy': CSP,
        ...headers,
      });
      response.end(body);
    };
    if (url.pathname === '/debug/ui') send('text/html', SHELL);
    else if (url.pathname === '/debug/ui/page.js') send('text/javascript', PAGE_SCRIPT);
    else if (url.pathname === '/debug/ui/page.css') send('text/css', PAGE_STYLE);
    else if (url.pathname === '/debug/ui/holders.js') send('text/javascript', HOLDERS_SCRIPT);
    else {
      this.requests.push(`${url.pathname}${url.search}`);
      const { status = 200, retryAfter, body } = await this.#answers(url);
      const headers = retryAfter === undefined ? {} : { 'Retry-After': retryAfter };
      if (status === 200) send('application/json', typeof body === 'string' ? body : JSON.stringify(body));
      else send('text/plain', `${body}`, status, headers);
    }
  }
}
