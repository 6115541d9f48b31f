import type http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Endpoint, indexPage } from './index-page.js';
import { startLazyHttp } from './lazy-http.js';
import { NotKeptError } from './not-kept-error.js';

/** Makes the profiles that the server hands out. */
export interface ProfileProvider {
  /**
   * The cumulative profile, or with `seconds` or `past` the difference over that time; gzipped pprof.
   *
   * @throws NotKeptError (rejects) when the past is not known that far
   */
  pprof(request: ProfileRequest): Promise<Uint8Array>;
  /** The heap by call site as plain text, ordered by a column. */
  text(column: 'inuse_space' | 'alloc_space'): Promise<string>;
}
export interface ProfileRequest {
  readonly defaultColumn: 'inuse_space' | 'alloc_space' | 'peak_space';
  readonly seconds: number | undefined;
  /** Set for what happened between two moments in the past: so many seconds ago. */
  readonly past?: { readonly since: number; readonly until: number } | undefined;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

export interface DebugServer {
  /** Where it listens, e.g. `127.0.0.1:6464`. */
  readonly address: string;
  close(): void;
}

const ENDPOINTS: readonly Endpoint[] = [
  { path: '/debug/pprof/heap', defaultColumn: 'inuse_space', summary: 'what is in use now, and by whom' },
  {
    path: '/debug/pprof/allocs',
    defaultColumn: 'alloc_space',
    summary: 'what was allocated since the start',
  },
  {
    path: '/debug/pprof/peak',
    defaultColumn: 'peak_space',
    summary: 'what was in use at the high-water mark',
  },
];
const MAX_SECONDS = 600;
/** A day, s. */
const MAX_AGO = 86_400;
/** A delta profile holds its request open: a few are plenty, and more would only hold memory. */
const MAX_CONNECTIONS = 16;

/**
 * Serves `/debug/pprof/*` and `/healthz`. It runs on the profiler thread, so a request costs the
 * application no more than one poll. Answers only GET and HEAD on known paths and never touches the file
 * system.
 *
 * @throws (rejects) when the address is taken or not permitted
 */
export async function startDebugServer(
  listen: { readonly host: string; readonly port: number },
  provider: ProfileProvider,
): Promise<DebugServer> {
  const server = await startLazyHttp(listen, MAX_CONNECTIONS, (request, response) => {
    respond(request, response, provider).catch((error: Error) => fail(response, 500, error.message));
  });
  return { address: addressText(server.address), close: () => server.close() };
}

async function respond(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  provider: ProfileProvider,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return fail(response, 405, 'only GET and HEAD');
  }
  const url = URL.parse(request.url ?? '/', 'http://localhost');
  if (!url) return fail(response, 400, 'the path cannot be parsed');
  if (url.pathname === '/healthz') return text(response, 'ok\n');
  if (url.pathname === '/debug/pprof/') return html(response, indexPage(ENDPOINTS));
  if (url.pathname === '/' || url.pathname === '/debug/pprof') {
    response.writeHead(307, { Location: '/debug/pprof/' });
    response.end();
    return;
  }
  const endpoint = ENDPOINTS.find(({ path }) => path === url.pathname);
  if (!endpoint) return fail(response, 404, `no such page; see /debug/pprof/`);
  await sendProfile(request, response, endpoint, url.searchParams, provider);
}

async function sendProfile(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  endpoint: Endpoint,
  parameters: URLSearchParams,
  provider: ProfileProvider,
): Promise<void> {
  if (parameters.has('gc')) return fail(response, 403, 'gc: forcing a garbage collection is not allowed');
  const { defaultColumn } = endpoint;
  const debug = parameters.get('debug') ?? '0';
  if (debug !== '0') {
    const isOfNow = !['seconds', 'since', 'until'].some((name) => parameters.has(name));
    const isText = debug === '1' && defaultColumn !== 'peak_space' && isOfNow;
    if (!isText) {
      return fail(response, 400, 'debug: 1 on heap and allocs, without seconds, since or until; 0 is pprof');
    }
    return text(response, await provider.text(defaultColumn));
  }
  const seconds = parseSeconds(parameters.get('seconds'));
  if (seconds === 'invalid') {
    return fail(
      response,
      400,
      `seconds: an integer from 1 to ${MAX_SECONDS}, not ${parameters.get('seconds')}`,
    );
  }
  if (seconds !== undefined && defaultColumn === 'peak_space') {
    return fail(response, 400, 'seconds: on heap and allocs');
  }
  const past = parsePast(parameters);
  if (past === 'invalid' || (past && (seconds !== undefined || defaultColumn === 'peak_space'))) {
    return fail(
      response,
      400,
      `since and until: how many seconds ago, since the larger, at most ${MAX_AGO}; on heap and allocs, without seconds`,
    );
  }
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('Content-Disposition', `attachment; filename="${endpoint.path.split('/').pop()}.pb.gz"`);
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const body = await profileOrReason(provider, { defaultColumn, seconds, past, signal: gone.signal });
  if (gone.signal.aborted) return;
  if (typeof body === 'string') return fail(response, 404, body);
  response.setHeader('Content-Length', body.byteLength);
  response.end(body);
}

async function profileOrReason(
  provider: ProfileProvider,
  request: ProfileRequest,
): Promise<Uint8Array | string> {
  try {
    return await provider.pprof(request);
  } catch (error) {
    if (error instanceof NotKeptError) return error.message;
    throw error;
  }
}

function parsePast(parameters: URLSearchParams): ProfileRequest['past'] | 'invalid' {
  const [since, until] = [parameters.get('since'), parameters.get('until')];
  if (since === null && until === null) return undefined;
  const ago = (text: string | null) => (/^\d{1,5}$/.test(text ?? '') ? Number(text) : Number.NaN);
  const past = { since: ago(since), until: until === null ? 0 : ago(until) };
  return past.since > past.until && past.since <= MAX_AGO ? past : 'invalid';
}

function parseSeconds(value: string | null): number | undefined | 'invalid' {
  if (value === null) return undefined;
  const seconds = /^\d{1,4}$/.test(value) ? Number(value) : 0;
  return seconds >= 1 && seconds <= MAX_SECONDS ? seconds : 'invalid';
}

function text(response: http.ServerResponse, body: string): void {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(body);
}

function html(response: http.ServerResponse, body: string): void {
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'");
  response.end(body);
}

function fail(response: http.ServerResponse, status: number, reason: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.removeHeader('Content-Disposition');
  response.statusCode = status;
  response.setHeader('X-Content-Type-Options', 'nosniff');
  text(response, `${reason}\n`);
}

function addressText({ address, family, port }: AddressInfo): string {
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
