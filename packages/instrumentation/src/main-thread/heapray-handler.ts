import type { IncomingMessage, ServerResponse } from 'node:http';
import { EmitterOn, MathMin, SafeNumber } from '../protocol/primordials.js';
import {
  MAX_PROFILE_SECONDS,
  type PageAnswer,
  type PageQuestion,
} from '../protocol/profiles/profile-requests.js';
import { contain, containAsync, contained } from './containment/contain.js';
import type { AskPage } from './exports/ask.js';
import { mountedPath } from './exports/mounted-path.js';
import type { HeaprayInstrumentation } from './heapray-instrumentation.js';
import { currentProfiler } from './profiler/shared-profiler.js';

/** Options of {@link heaprayHandler}. */
export interface HeaprayHandlerOptions {
  /** Instance whose profiles are shown. Default: that of the process, as `register` starts it. */
  readonly instrumentation?: Pick<HeaprayInstrumentation, 'isProfiling'> | undefined;
}

/** A request listener of `node:http`; express and `http.createServer` take it as it is. */
export type HeaprayHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Maximum number of requests in work. */
const MAX_WORKING = 32;
const PLAIN = 'text/plain; charset=utf-8';
const nothing = () => {};
let working = 0;

/**
 * Returns a handler for the pages of `/debug/pprof`, to mount in the application's own server, behind its own
 * authentication: the handler itself lets everybody in.
 *
 *     app.use('/admin/memory', requireAdmin, heaprayHandler({ instrumentation }));
 *
 * Below the mount path, `/` is the index, `/heap`, `/allocs`, `/peak` and `/leak` are the profiles, and `/ui` is the live
 * page. The pages are made on heapray's thread; the main thread only passes them on. Never throws.
 */
export function heaprayHandler({ instrumentation }: HeaprayHandlerOptions = {}): HeaprayHandler {
  return contained((request: IncomingMessage, response: ServerResponse) => {
    const profiler = (instrumentation?.isProfiling ?? true) ? currentProfiler() : undefined;
    const ask = profiler?.askPage;
    void containAsync(
      async () => send(response, await answer(request, response, ask)),
      () => end(response),
    );
  }, nothing);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  ask: AskPage | undefined,
): Promise<PageAnswer> {
  const { method, headers } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    return problem(405, 'only GET and HEAD are allowed', { Allow: 'GET, HEAD' });
  }
  const [path = '', query = ''] = `${request.url}`.split('?', 2);
  const target = mountedPath(path, originalPath(request));
  if (target.redirect !== undefined) {
    return { status: 307, headers: { 'Content-Type': PLAIN, Location: target.redirect }, body: '' };
  }
  if (target.path === undefined) return problem(404, 'no such page');
  if (!ask) return problem(503, 'memory is not profiled in this process');
  if (working >= MAX_WORKING)
    return problem(503, `${MAX_WORKING} requests wait already`, { 'Retry-After': '10' });
  const question: PageQuestion = {
    method,
    path: target.path,
    query,
    acceptsGzip: /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(`${headers['accept-encoding'] ?? ''}`),
    ifNoneMatch: headers['if-none-match'],
  };
  const seconds = SafeNumber(/(?:^|&)seconds=(\d{1,4})(?:&|$)/.exec(query)?.[1] ?? 0);
  working++;
  try {
    const made = await ask(question, MathMin(seconds, MAX_PROFILE_SECONDS) * 1000, (cancel) =>
      EmitterOn(response, 'close', contained(cancel, nothing)),
    );
    return made ?? problem(503, 'the profiler thread has not answered', { 'Retry-After': '10' });
  } finally {
    working--;
  }
}

/** Path of the request before a framework has removed the mount path; undefined without a framework that does. */
function originalPath(request: IncomingMessage): string | undefined {
  const { originalUrl } = request as IncomingMessage & { readonly originalUrl?: unknown };
  return typeof originalUrl === 'string' ? originalUrl.split('?', 1)[0] : undefined;
}

function problem(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): PageAnswer {
  return {
    status,
    headers: { 'Content-Type': PLAIN, 'X-Content-Type-Options': 'nosniff', 'X-Go-Pprof': '1', ...headers },
    body: `${message}\n`,
  };
}

function send(response: ServerResponse, { status, headers, body }: PageAnswer): void {
  if (response.headersSent || response.destroyed) return end(response);
  response.writeHead(status, headers);
  response.end(body);
}

/** Ends a response that could not be written as a whole. */
function end(response: ServerResponse): void {
  contain(() => response.destroy(), nothing);
}
