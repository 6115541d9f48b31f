// An unmodified server of Express in a process of its own, and a client that counts its errors.
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { atEnd } from '../../../../../test/support/cleanup.js';
import { type RunningProcess, startNode } from '../../../../../test/support/start-node.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';

const ROOT = fileURLToPath(new URL('../../../../..', import.meta.url));
const SERVER = `
import { Session } from 'node:inspector';
import express from 'express';
const kept = [];
const app = express();
app.get('/', function rememberRequest(request, response) {
  for (let n = 0; n < 4; n++) kept.push(new Array(2000).fill(n));
  response.json({ length: JSON.stringify(request.headers).length });
});
app.get('/exit', (request, response) => {
  response.json({});
  setTimeout(() => process.exit(7), 100);
});
const session = new Session();
session.connect();
const post = (method, params = {}) => {
  let result = '';
  session.post(method, params, (error) => { result = error?.message ?? 'done'; });
  return result;
};
app.get('/start-sampler', (request, response) => {
  response.json({ result: post('HeapProfiler.startSampling', { samplingInterval: 4096 }) });
});
app.get('/read-sampler', (request, response) => {
  response.json({ result: post('HeapProfiler.getSamplingProfile') });
});
let ticks = 0;
setInterval(() => ticks++, 1000);
app.get('/ticks', (request, response) => {
  response.json({ result: String(ticks) });
});
const server = app.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));
`;
const PAUSE_MILLIS = 20;

/** The running server. */
export interface ExpressServer {
  readonly process: RunningProcess;
  readonly pid: number;
  /** Number of answers so far, and of requests that failed. */
  readonly answers: number;
  readonly errors: number;
  /** Requests a page, and returns its `result`. */
  get(page: string): Promise<string | undefined>;
}

/** Starts the server on a Node, with these options, and requests its page until the end of the test. */
export async function startExpress(
  node: string,
  options: readonly string[] = ['--inspect-port=0'],
): Promise<ExpressServer> {
  const folder = tempFolder();
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  const file = path.join(folder, 'server.mjs');
  writeFileSync(file, SERVER);
  const server = startNode({ node, args: [...options, file], cwd: folder });
  const [, port] = await server.waitForOutput(/port (\d+)/);
  const counts = { answers: 0, errors: 0 };
  const get = async (page: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${page}`);
    return ((await response.json()) as { result?: string }).result;
  };
  const stop = new AbortController();
  const requestAll = async () => {
    while (!stop.signal.aborted && server.end === undefined) {
      await get('/').then(
        () => counts.answers++,
        () => counts.errors++,
      );
      await delay(PAUSE_MILLIS);
    }
  };
  const requesting = requestAll();
  atEnd(async () => {
    stop.abort();
    await requesting;
  });
  return {
    process: server,
    pid: server.pid,
    get,
    get answers() {
      return counts.answers;
    },
    get errors() {
      return counts.errors;
    },
  };
}
