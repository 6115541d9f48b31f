import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { CommandError } from '../errors.js';
import type { DefaultColumn } from './capture-profile.js';
import { addressText, type ListenAddress } from './listen-address.js';
import { PROMETHEUS_TEXT } from './prometheus-text.js';

/** What the server hands out. */
export interface WatchContent {
  /** In Prometheus' text format. */
  metrics(): string;
  /** Those that have a profile now. */
  components(): readonly string[];
  /** Those whose captures are being read, up to where they stood when they were found: no profile until then. */
  reading(): readonly string[];
  /** Gzipped pprof; undefined for a component that there is none of. */
  pprof(component: string, defaultColumn: DefaultColumn): Promise<Uint8Array | undefined>;
}

export interface WatchServer {
  readonly address: ListenAddress;
  close(): void;
}

const PROFILES: ReadonlyMap<string, { readonly column: DefaultColumn; readonly summary: string }> = new Map([
  ['/debug/pprof/heap', { column: 'inuse_space', summary: 'what is in use now' }],
  ['/debug/pprof/peak', { column: 'peak_space', summary: 'what was in use when the heap was largest' }],
  ['/debug/pprof/allocs', { column: 'alloc_space', summary: 'what was allocated since the start' }],
]);
/** A client that has not sent its request after so long is cut off, when that is looked at next: as often. */
const REQUEST_MILLIS = 5_000;
const MAX_CONNECTIONS = 64;
/** When to ask again for a capture that is being read. */
const RETRY_SECONDS = 5;

/**
 * Serves `/metrics`, `/debug/pprof/*` and `/healthz`: GET and HEAD, on known paths only. No request makes it
 * touch the file system, but for the symbols of files with native frames: each of them is read once.
 *
 * @throws CommandError (rejects) when the address is taken or not permitted
 */
export function startWatchServer(listen: ListenAddress, content: WatchContent): Promise<WatchServer> {
  const timeouts = {
    headersTimeout: REQUEST_MILLIS,
    requestTimeout: REQUEST_MILLIS,
    connectionsCheckingInterval: REQUEST_MILLIS,
  };
  const server = http.createServer(timeouts, (request, response) => {
    respond(request, response, content).catch((error: Error) => fail(response, 500, error.message));
  });
  server.maxConnections = MAX_CONNECTIONS;
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new CommandError(`cannot listen on ${addressText(listen)}: ${reasonOf(cause)}`, { cause }));
    });
    server.listen(listen.port, listen.host, () => {
      server.removeAllListeners('error');
      server.on('error', () => {});
      const { address, port } = server.address() as AddressInfo;
      resolve({
        address: { host: address, port },
        close() {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}

function reasonOf(cause: NodeJS.ErrnoException): string {
  if (cause.code === 'EADDRINUSE') return 'the port is taken';
  if (cause.code === 'EACCES') return 'not permitted';
  return cause.message;
}

async function respond(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  content: WatchContent,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return fail(response, 405, 'only GET and HEAD');
  }
  const url = URL.parse(request.url ?? '/', 'http://localhost');
  if (!url) return fail(response, 400, 'the path cannot be parsed');
  const profile = PROFILES.get(url.pathname);
  if (profile) return sendProfile(response, url, profile.column, content);
  switch (url.pathname) {
    case '/metrics':
      return send(response, PROMETHEUS_TEXT, content.metrics());
    case '/healthz':
      return send(response, 'text/plain; charset=utf-8', 'ok\n');
    case '/debug/pprof/':
      response.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'");
      return send(response, 'text/html; charset=utf-8', indexPage(content.components()));
    case '/':
    case '/debug/pprof':
      response.writeHead(307, { Location: '/debug/pprof/' });
      response.end();
      return;
    default:
      return fail(response, 404, 'no such page; see /debug/pprof/');
  }
}

async function sendProfile(
  response: http.ServerResponse,
  url: URL,
  column: DefaultColumn,
  content: WatchContent,
): Promise<void> {
  const reading = content.reading();
  const components = [...content.components(), ...reading];
  const component = url.searchParams.get('component') ?? (components.length === 1 ? components[0]! : '');
  const known = components.length === 0 ? 'there is no capture yet' : `one of: ${components.join(', ')}`;
  if (component === '') return fail(response, components.length === 0 ? 404 : 400, `component: ${known}`);
  if (reading.includes(component)) {
    response.setHeader('Retry-After', RETRY_SECONDS);
    return fail(response, 503, `component: ${component} is still being read`);
  }
  const body = await content.pprof(component, column);
  if (body === undefined) return fail(response, 404, `component: ${known}`);
  const name = `${component.replaceAll(/[^A-Za-z0-9_.-]/g, '_')}-${url.pathname.split('/').pop()}`;
  response.setHeader('Content-Disposition', `attachment; filename="${name}.pb.gz"`);
  send(response, 'application/octet-stream', body);
}

/** Node leaves out the body of an answer to HEAD by itself. */
function send(response: http.ServerResponse, type: string, body: string | Uint8Array): void {
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.end(body);
}

function fail(response: http.ServerResponse, status: number, reason: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.statusCode = status;
  send(response, 'text/plain; charset=utf-8', `${reason}\n`);
}

function indexPage(components: readonly string[]): string {
  const rows = components.map((component) => {
    const cells = [...PROFILES].map(([path, { summary }]) => {
      return `<td><a href="${path}?component=${encodeURIComponent(component)}">${summary}</a></td>`;
    });
    return `<tr><th>${escapeHtml(component)}</th>${cells.join('')}</tr>`;
  });
  const table =
    rows.length === 0 ? '<p>There is no capture yet.</p>' : `<table>\n${rows.join('\n')}\n</table>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>heapray watch</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; max-width: 64rem }
th, td { padding: 0.2rem 1.2rem 0.2rem 0; text-align: left }
code { background: #eee; padding: 0.1rem 0.3rem }
</style>
</head>
<body>
<h1>Memory captures</h1>
${table}
<p>Each is a gzipped pprof file with the columns <code>alloc_*</code>, <code>peak_*</code> and
<code>inuse_*</code>. Open it with any pprof viewer, for example
<code>go tool pprof -http=: 'http://HOST:PORT/debug/pprof/heap?component=scheduler'</code>.
Metrics are at <a href="/metrics">/metrics</a>.</p>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
