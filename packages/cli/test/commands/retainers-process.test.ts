// Heap snapshots of a running process, taken by attaching to it.
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../../../test/support/free-port.js';
import { httpGet } from '../../../../test/support/http-get.js';
import { pollUntil } from '../../../../test/support/poll.js';
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

test.each<[string[], number, RegExp]>([
  [['retainers', '999999999', '--yes'], 1, /^heapray: .*999999999/],
  [['retainers', '1', 'b.heapsnapshot'], 2, /takes no second argument/],
  [['retainers', 'http://example.com:6464', '--yes'], 1, /is on another machine/],
  [['retainers', 'http://127.0.0.1:1', '--yes'], 1, /no debug server of heapray answers there/],
])('%j ends with one line', async (args, status, line) => {
  const result = await heapray(args);
  expect({ status: result.status, stdout: result.stdout }).toEqual({ status, stdout: '' });
  expect(result.stderr).toMatch(line);
});
