// Heap snapshots of a running process, taken by attaching to it or through its debug server.
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { atEnd } from '../../../../test/support/cleanup.js';
import { freePort } from '../../../../test/support/free-port.js';
import { httpGet } from '../../../../test/support/http-get.js';
import { pollUntil } from '../../../../test/support/poll.js';
import { rawClient } from '../../../../test/support/raw-client.js';
import { startNode } from '../../../../test/support/start-node.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { heapray } from '../support/heapray.js';

const REGISTER = new URL('../../../instrumentation/dist/register.js', import.meta.url).href;
const PROGRAM = `
class Visit { constructor(n) { this.text = 'visit ' + n; } }
const visits = new Set();
const visit = (n) => visits.add(new Visit(n));
for (let n = 0; n < 5000; n++) visit(n);
setInterval(() => visit(0), 60_000);
console.log('ready');
`;

test('takes a snapshot of a process, by its ID or the URL of its server, and keeps it only when asked to', async () => {
  const folder = tempFolder();
  const port = await freePort();
  const env = { HEAPRAY_DEBUG_ADDR: `127.0.0.1:${port}`, OTEL_METRICS_EXPORTER: 'none' };
  const program = startNode({ args: ['--import', REGISTER, '-e', PROGRAM], env });
  await program.waitForOutput(/ready/);

  const refused = await heapray(['retainers', `${program.pid}`]);
  expect(refused).toMatchObject({ status: 1, stdout: '' });
  expect(refused.stderr).toMatch(
    /^heapray: a heap snapshot stops process \d+ for seconds; .*--yes is needed\n$/,
  );

  const taken = await heapray(['retainers', `${program.pid}`, '--yes', '--class', 'Visit'], {
    env: { TMPDIR: folder },
  });
  expect(taken.stderr).toMatch(
    /of heap in use\. A heap snapshot stops it for [\d.]+ to [\d.]+ s, takes up to .* more of its memory/,
  );
  expect(taken.stdout).toMatch(
    /^100 % of .* in 5,00\d `Visit` objects is reachable only through `Set` `visits`/,
  );
  expect(taken.status).toBe(0);
  expect(readdirSync(folder)).toEqual([]);

  const file = path.join(folder, 'kept.heapsnapshot');
  const url = `http://127.0.0.1:${port}`;
  await pollUntil(() => httpGet(`${url}/debug/ui/overview.json`).catch(() => undefined), {
    what: 'the server',
  });
  const kept = await heapray(['retainers', url, '-y', '-o', file, '--class', 'Visit']);
  expect({ status: kept.status, stdout: kept.stdout }).toEqual({ status: 0, stdout: taken.stdout });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(program.end).toBeUndefined();
});

test('takes a snapshot through the server when it allows that, and no other one meanwhile', async () => {
  const folder = tempFolder();
  const port = await freePort();
  const env = {
    HEAPRAY_DEBUG_ADDR: `127.0.0.1:${port}`,
    HEAPRAY_HEAP_SNAPSHOTS: 'true',
    HEAPRAY_HOME: folder,
    HEAPRAY_DEBUG_TOKEN: 'a-long-token',
    OTEL_METRICS_EXPORTER: 'none',
  };
  const program = startNode({ args: ['--import', REGISTER, '-e', PROGRAM], env });
  await program.waitForOutput(/ready/);
  const url = `http://127.0.0.1:${port}`;
  const page = `${url}/debug/heapsnapshot`;
  const headers = { authorization: 'Bearer a-long-token' };
  await pollUntil(() => httpGet(`${url}/healthz`).catch(() => undefined), { what: 'the server' });
  expect((await httpGet(page)).status).toBe(401);

  const taken = await heapray(['retainers', url, '--yes', '--class', 'Visit'], {
    env: { TMPDIR: folder, HEAPRAY_DEBUG_TOKEN: 'a-long-token' },
  });
  expect(taken.stderr).toMatch(
    /stops it for [\d.]+ to [\d.]+ s, takes up to [\s\S]*got a heap snapshot of process/,
  );
  expect(taken.stdout).toMatch(
    /^100 % of .* in 5,00\d `Visit` objects is reachable only through `Set` `visits`/,
  );
  expect({ status: taken.status, files: readdirSync(folder) }).toEqual({ status: 0, files: [] });
  // The inspector was not opened.
  expect(program.stderr).not.toContain('Debugger');

  const plans = await Promise.all([httpGet(page, { headers }), httpGet(page, { headers })]);
  const confirmed = plans.map(({ body }) => `${page}?confirm=${JSON.parse(body).confirm}`);
  const answers = await Promise.all(confirmed.map((each) => httpGet(each, { headers })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 503]);
  const [whole, refused] = answers.sort((a, b) => a.status - b.status);
  expect(Number(refused!.headers['retry-after'])).toBeGreaterThan(0);
  expect(JSON.parse(whole!.body).snapshot.node_count).toBeGreaterThan(5000);
  expect((await httpGet(confirmed[0]!, { headers })).status).not.toBe(200);
  expect(program.end).toBeUndefined();

  // A client that does not read keeps the file open. It has no name, so that a kill leaves nothing.
  const { confirm } = JSON.parse((await httpGet(page, { headers })).body);
  const request = `GET /debug/heapsnapshot?confirm=${confirm} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer a-long-token\r\n\r\n`;
  (await rawClient(port, request)).socket.pause();
  const fds = `/proc/${program.pid}/fd`;
  const isOpen = () =>
    readdirSync(fds).some((fd) =>
      readlinkSync(path.join(fds, fd)).startsWith(path.join(folder, '.heapray-snap')),
    );
  await pollUntil(isOpen, { what: 'the file of the snapshot' });
  process.kill(program.pid, 'SIGKILL');
  await program.ended;
  expect(readdirSync(folder)).toEqual([]);
});

test('refuses a server on another machine that takes no snapshots', async () => {
  const server = createServer((_, response) => response.writeHead(404).end());
  atEnd(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  const { status, stderr } = await heapray(['retainers', `http://0.0.0.0:${port}`, '--yes']);
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/is on another machine/) });
});

test.each<[string[], number, RegExp]>([
  [['retainers', '999999999', '--yes'], 1, /^heapray: .*999999999/],
  [['retainers', '1', 'b.heapsnapshot'], 2, /takes no second argument/],
  [['retainers', 'http://', '--yes'], 2, /is not valid/],
  [['retainers', 'http://127.0.0.1:1', '--yes'], 1, /no debug server of heapray answers there/],
])('%j ends with one line', async (args, status, line) => {
  const result = await heapray(args);
  expect({ status: result.status, stdout: result.stdout }).toEqual({ status, stdout: '' });
  expect(result.stderr).toMatch(line);
});
