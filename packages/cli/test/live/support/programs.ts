// Programs whose memory the tests look at, and `heapray live` in a terminal.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodePprofGzip } from '@heapray/exporter/pprof';
import type { Profile } from '@heapray/exporter/profile';
import { atEnd } from '../../../../../test/support/cleanup.js';
import { freePort } from '../../../../../test/support/free-port.js';
import { type RunningProcess, startNode } from '../../../../../test/support/start-node.js';
import {
  startInTerminal,
  type TerminalOptions,
  type TerminalProcess,
} from '../../../../../test/support/terminal.js';
import { MAIN } from '../../support/heapray.js';
import { fileWith } from '../../support/sample-files.js';

/** Remembers orders, by two callers, and makes garbage. */
const SERVICE = `
const kept = [];
function rememberOrder(n) {
  kept.push(Array.from({ length: 500 }, () => ({ n, text: [n] })));
}
function serveOrders() { rememberOrder(kept.length); }
function renderReceipt() {
  const lines = [];
  for (let i = 0; i < 2000; i++) lines.push({ i, more: [i, i, i] });
  return lines.length;
}
setInterval(() => { serveOrders(); renderReceipt(); }, 20);
console.log('ready');
`;

/** Starts `heapray live` in a terminal. */
export function startLive(args: readonly string[], options: TerminalOptions): TerminalProcess {
  return startInTerminal([process.execPath, MAIN, 'live', ...args], options);
}

/** Starts a service with heapray. Its debug server and live port are off unless given. */
export async function startService(env: Record<string, string>): Promise<RunningProcess> {
  const register = import.meta.resolve('@heapray/instrumentation/register');
  const service = startNode({
    args: ['--import', register, fileWith(SERVICE, 'service.mjs')],
    env: { OTEL_METRICS_EXPORTER: 'none', HEAPRAY_DEBUG_ADDR: 'off', ...env },
  });
  await service.waitForOutput(/ready/);
  return service;
}

/** Starts a service with a debug server. */
export async function startDebugService(): Promise<{ service: RunningProcess; port: number }> {
  const port = await freePort();
  const service = await startService({ HEAPRAY_DEBUG_ADDR: `127.0.0.1:${port}` });
  await service.waitForOutput(/memory profiles on http/);
  return { service, port };
}

/** An HTTP server with a heap profile that a test chooses. */
export interface ProfileServer {
  readonly url: string;
  /** Number of requests for the profile. */
  readonly requests: number;
  close(): void;
}

/** Returns the response to a request for the profile. */
export type ProfileAnswer = (
  request: number,
) => Profile | { status: number; headers?: Record<string, string>; body: string };

export async function serveProfile(answer: ProfileAnswer): Promise<ProfileServer> {
  let requests = 0;
  const server = http.createServer((request, response) => {
    if (!request.url!.startsWith('/debug/pprof/heap')) {
      response.writeHead(404).end('no such page\n');
      return;
    }
    requests += 1;
    const result = answer(requests);
    if ('status' in result) response.writeHead(result.status, result.headers).end(result.body);
    else void encodePprofGzip(result).then((bytes) => response.end(bytes));
  });
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  atEnd(close);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    close,
  };
}
