// `heapray live` with a real program under `memray run --live-remote`, and with a program that disconnects.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { expect, test } from 'vitest';
import { atEnd } from '../../../../test/support/cleanup.js';
import { freePort } from '../../../../test/support/free-port.js';
import { peerTest } from '../../../../test/support/peer-test.js';
import { memray } from '../../../../test/support/peers.js';
import { runCommand } from '../../../../test/support/run-command.js';
import { startNode } from '../../../../test/support/start-node.js';
import { captureFile } from '../support/captures.js';
import { heapray, MAIN } from '../support/heapray.js';
import { fileWith } from '../support/sample-files.js';

const PROGRAM = `
import time
kept = []
def remember():
    kept.append(bytearray(1000000))
for _ in range(20):
    remember()
    time.sleep(0.1)
`;

peerTest('shows a real memray run --live-remote from start to end', 'memray-1.20.0', async () => {
  const port = await freePort();
  const script = fileWith(PROGRAM, 'program.py');
  // Start the viewer first, and the program when it waits.
  const viewer = startNode({ args: [MAIN, 'live', `${port}`, '-n', '3'] });
  await viewer.waitForOutput(/waiting for a program at port \d+\n/);
  const program = await runCommand(memray('1.20.0'), [
    'run',
    '--live-remote',
    '--live-port',
    `${port}`,
    script,
  ]);
  expect(program.status, program.stderr).toBe(0);
  const { status } = await viewer.ended;
  const { stdout, stderr } = viewer;
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(/the program has ended\n$/);
  // Before the program has allocated, a line has no first function.
  expect(stdout).toMatch(/^\d\d:\d\d:\d\d {2}alive .* first: .*\n/m);
  expect(stdout).toMatch(/\n19\.\d MiB +\d+ {2}remember +.*program\.py:\d+\n/);
});

test('shows the received data when the program disconnects in the middle', async () => {
  const bytes = readFileSync(captureFile('live.v13.bin'));
  const server = net.createServer((socket) => socket.end(bytes.subarray(0, 20_000)));
  atEnd(() => server.close());
  const port = await new Promise<number>((resolve) => {
    server.listen(0, 'localhost', () => resolve((server.address() as net.AddressInfo).port));
  });
  const { status, stdout, stderr } = await heapray(['live', `${port}`]);
  expect({ status, first: stdout.split('\n').length > 3 }).toEqual({ status: 0, first: true });
  expect(stderr).toMatch(/the remote has disconnected\n$/);
  expect((await heapray(['live', `${port}`, '--strict'])).status).toBe(1);
});

test.each([
  ['SSH-2.0-OpenSSH_9.9\r\n', (port: number) => `port ${port}: memray: not a memray capture at byte 0`],
  [
    'HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nno page\nx',
    (port: number) => `http://localhost:${port}/debug/pprof/heap: HTTP 404: no page`,
  ],
])('reports data other than a capture in one line: %j', async (text, lineOf) => {
  const server = net.createServer((socket) => socket.end(text));
  atEnd(() => server.close());
  const port = await new Promise<number>((resolve) => {
    server.listen(0, 'localhost', () => resolve((server.address() as net.AddressInfo).port));
  });
  expect(await heapray(['live', `${port}`])).toMatchObject({
    status: 1,
    stdout: '',
    stderr: `heapray: ${lineOf(port)}\n`,
  });
});
