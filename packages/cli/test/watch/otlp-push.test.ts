import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { atEnd } from '../../../../test/support/cleanup.js';
import { pollUntil } from '../../../../test/support/poll.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { OtlpPush } from '../../src/watch/otlp-push.js';
import { startWatch } from './start-watch.js';

/** Longer than any test waits. */
const NEVER = 2 ** 30;

/** Starts a collector that delays its responses until the test sends them. */
async function collector() {
  const asked: ServerResponse[] = [];
  const server = createServer((_, response) => void asked.push(response)).listen(0, '127.0.0.1');
  atEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { asked, url: new URL(`http://127.0.0.1:${port}`) };
}

test('aborts an unanswered request when it closes, and then the last one', async () => {
  const { asked, url } = await collector();
  const notes: string[] = [];
  const push = new OtlpPush(url, {
    intervalMillis: NEVER,
    note: (text) => notes.push(text),
    timeoutMillis: NEVER,
    lastTimeoutMillis: 100,
  });
  push.sendWhenDue(() => []);
  await pollUntil(() => asked.length === 1, { what: 'the first request' });
  await push.close(() => []);
  expect(asked.length).toBe(2);
  expect(notes).toEqual([`${url.href}v1/metrics: metrics not sent: no answer within 0.1 s`]);
});

test('sends the last values when it closes', async () => {
  const { asked, url } = await collector();
  const notes: string[] = [];
  const push = new OtlpPush(url, { intervalMillis: NEVER, note: (text) => notes.push(text) });
  const closed = push.close(() => []);
  await pollUntil(() => asked.length === 1, { what: 'the last request' });
  asked[0]!.end('{}');
  await closed;
  expect(notes).toEqual([]);
});

test('heapray watch ends at SIGTERM when neither its collector nor memray responds', async () => {
  const { asked, url } = await collector();
  const bin = tempFolder();
  writeFileSync(path.join(bin, 'memray'), '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env.PATH}` };
  const { process: watching } = await startWatch([tempFolder(), '--otlp', url.href], { env });
  await pollUntil(() => asked.length === 1, { what: 'metrics' });
  expect(await watching.stop('SIGTERM')).toEqual({ status: 0, signal: null });
  expect(asked.length).toBe(2);
});
