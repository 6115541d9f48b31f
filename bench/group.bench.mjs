// Measures a scrape of a process that serves eight others too: CPU time of its main thread and of all its threads.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { note } from '../scripts/lib/bootstrap.mjs';
import { figure } from './lib/figure.mjs';
import { runProgram } from './lib/run-program.mjs';

const FULL = { members: 8, scrapes: 40, repetitions: 3 };
const QUICK = { members: 8, scrapes: 5, repetitions: 1 };
const MAIN_MILLIS = { atMost: 10 };

export async function run({ node, quick, report }) {
  const { repetitions, ...plan } = quick ? QUICK : FULL;
  note(`group: ${repetitions} runs of ${plan.scrapes} scrapes of ${plan.members + 1} processes`);
  const runs = [];
  for (let at = 0; at < repetitions; at++) {
    runs.push(await runProgram(node, 'group', { ...plan, port: await freePort(), role: 'owner' }));
  }
  const row = (what, unit, pick, target) =>
    figure({ part: 'scrape', what, unit, values: runs.map(pick), ...(target && { target }) });
  report([
    row('processes on the page', '', ({ processes }) => processes),
    row('series on the page', '', ({ series }) => series),
    row('main thread of the process with the port', 'ms', ({ mainMillis }) => mainMillis, MAIN_MILLIS),
    row('all threads of it', 'ms', ({ processMillis }) => processMillis),
    row('duration', 'ms', ({ millis }) => millis),
  ]);
  return { plan, details: { runs } };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
