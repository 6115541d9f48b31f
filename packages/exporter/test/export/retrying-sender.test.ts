// The HTTP client against receivers that refuse, hang, break off and lie.
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { freePort } from '../../../../test/support/free-port.js';
import { CERTIFICATE, KEY } from '../../../../test/support/localhost-certificate.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { type ExportClock, systemClock } from '../../src/export/export-clock.js';
import { type HttpTarget, parseTarget } from '../../src/export/http/http-target.js';
import { retryAfterMillis } from '../../src/export/http/retry-after.js';
import { RetryingSender, type SendOutcome } from '../../src/export/http/retrying-sender.js';
import type { HttpAnswer, Transport } from '../../src/export/http/transport.js';
import { FakeClock } from './support/fake-clock.js';
import { answerWith, listen, startReceiver } from './support/receiver.js';

const BODY = Buffer.from('a profile');

/** Runs out of time for tests in which no answer comes. */
const SOON = 300;
/** A clock whose first pause is longer than any timeout: an attempt that fails is the only one, and has time on a busy machine. */
const ONCE = { ...systemClock, random: () => 1_000 };

function target(url: string, changes: Partial<HttpTarget> = {}): HttpTarget {
  return { url: new URL(url), headers: {}, timeoutMillis: 20_000, compression: 'none', ...changes };
}

function send(
  url: string,
  changes: Partial<HttpTarget> = {},
  clock: ExportClock = systemClock,
): Promise<SendOutcome> {
  return new RetryingSender(target(url, changes), { clock }).send(BODY, 'text/x-test');
}

const sendOnce = (url: string, changes: Partial<HttpTarget> = {}) => send(url, changes, ONCE);

test('sends body and headers when the receiver answers', async () => {
  const { url, received } = await startReceiver(answerWith(202, '{"ok":1}'));
  const sender = new RetryingSender(
    target(`${url}/a/b?c=d`, { compression: 'gzip', headers: { 'X-Tenant': 'blue' } }),
    { clock: systemClock },
  );
  const outcome = await sender.send(gzipSync(BODY), 'text/x-test');
  expect(outcome).toMatchObject({ kind: 'answered', answer: { status: 202, body: Buffer.from('{"ok":1}') } });
  expect(received).toMatchObject([
    {
      method: 'POST',
      path: '/a/b?c=d',
      body: BODY,
      headers: { 'content-type': 'text/x-test', 'content-encoding': 'gzip', 'x-tenant': 'blue' },
    },
  ]);
});

test.each([400, 401, 403, 404, 413, 500, 501])('does not repeat when the answer is %i', async (status) => {
  const { url, received } = await startReceiver(
    answerWith(status, `no: token S3cret\nis wrong`, { 'content-type': 'text/plain' }),
  );
  const outcome = await send(`${url}/x`, { headers: { Authorization: 'Bearer S3cret' } });
  expect(outcome).toEqual({ kind: 'refused', reason: `${url}/x: status ${status} (no: token *** is wrong)` });
  expect(received).toHaveLength(1);
});

test.each([301, 302, 307, 308])('does not follow a redirect when the answer is %i', async (status) => {
  const { url, received } = await startReceiver(answerWith(status, '', { location: '/elsewhere' }));
  expect(await send(url)).toEqual({
    kind: 'refused',
    reason: `${url}/: status ${status}: redirects are not followed; set the endpoint to the final address`,
  });
  expect(received).toHaveLength(1);
});

test.each([429, 502, 503, 504])(
  'repeats after the time in Retry-After when the answer is %i',
  async (status) => {
    const { url, received } = await startReceiver((response, _, count) => {
      if (count < 3) response.writeHead(status, { 'Retry-After': '0' }).end();
      else response.end();
    });
    expect(await send(url)).toMatchObject({ kind: 'answered' });
    expect(received).toHaveLength(3);
  },
);

test('gives up after the timeout when the receiver does not answer', async () => {
  const { url } = await startReceiver(() => {});
  const outcome = await send(url, { timeoutMillis: SOON });
  expect(outcome).toEqual({ kind: 'unavailable', reason: `${url}/: no answer within 0.3 s` });
});

test('gives up after the timeout when the answer never ends', async () => {
  const { url } = await startReceiver((response) => void response.writeHead(200).write('{'));
  expect(await send(url, { timeoutMillis: SOON })).toMatchObject({ kind: 'unavailable' });
});

test.each([
  ['the connection is reset before the answer', (socket: net.Socket) => socket.destroy(), /./],
  [
    'the connection is reset in the middle of the answer',
    (socket: net.Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'),
    /reset|aborted/,
  ],
  [
    'the answer is no HTTP',
    (socket: net.Socket) => socket.end('SSH-2.0-garbage\r\n\r\n'),
    /Parse Error|HPE_/,
  ],
])('counts as unavailable when %s', async (_, answer, reason) => {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  });
  const port = await listen(server);
  const outcome = await sendOnce(`http://127.0.0.1:${port}/`);
  expect(outcome.kind).toBe('unavailable');
  expect((outcome as { reason: string }).reason).toMatch(reason);
});

test('names the reason when nobody listens', async () => {
  const url = `http://127.0.0.1:${await freePort()}/v1`;
  expect(await sendOnce(url)).toEqual({
    kind: 'unavailable',
    reason: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/v1: connect ECONNREFUSED/),
  });
});

test('names the reason when the host is unknown', async () => {
  const outcome = await send('http://nowhere.invalid/', { timeoutMillis: 2 * SOON });
  expect(outcome).toMatchObject({
    kind: 'unavailable',
    reason: expect.stringContaining('http://nowhere.invalid/: '),
  });
});

test('keeps only the start when the answer is long', async () => {
  const { url } = await startReceiver(answerWith(200, 'x'.repeat(2 ** 20)));
  const outcome = await send(url);
  expect(outcome.kind === 'answered' && outcome.answer.body.length).toBe(65_536);
});

test('trusts the given authority and shows the client certificate when it uses TLS', async () => {
  const { url, received } = await startReceiver(answerWith(200), {
    key: KEY,
    cert: CERTIFICATE,
    ca: CERTIFICATE,
    requestCert: true,
    rejectUnauthorized: true,
  });
  const folder = tempFolder();
  const tls = {
    certificateFile: path.join(folder, 'ca.pem'),
    clientKeyFile: path.join(folder, 'key.pem'),
    clientCertificateFile: path.join(folder, 'cert.pem'),
  };
  for (const file of [tls.certificateFile, tls.clientCertificateFile]) writeFileSync(file, CERTIFICATE);
  writeFileSync(tls.clientKeyFile, KEY);
  expect(await send(url, { tls })).toMatchObject({ kind: 'answered' });
  expect(received).toHaveLength(1);
  expect(await sendOnce(url)).toMatchObject({
    kind: 'unavailable',
    reason: expect.stringMatching(/self-signed|DEPTH_ZERO/),
  });
});

test('names the reason when the receiver speaks no TLS, or a file is no regular file', async () => {
  const { url } = await startReceiver(answerWith(200));
  const https = url.replace('http:', 'https:');
  expect(await sendOnce(https)).toMatchObject({ kind: 'unavailable' });
  const folder = tempFolder();
  expect(await sendOnce(https, { tls: { certificateFile: folder } })).toMatchObject({
    kind: 'unavailable',
    reason: expect.stringMatching(/cannot read the TLS file .*: (?:not a regular file|EISDIR)/),
  });
});

test('takes the header from user and password of a URL, and shows neither', () => {
  const { url, headers } = parseTarget('https://me:p%40ss@host:8443/path')!;
  expect(url.href).toBe('https://host:8443/path');
  expect(headers).toEqual({ Authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}` });
  for (const text of ['', 'host:80', 'ftp://host/', 'http://', '/path', 'http://['])
    expect(parseTarget(text)).toBeUndefined();
});

const DATE = Date.UTC(2026, 10, 23, 12);

test.each([
  ['5', 5000],
  ['0', 0],
  ['Mon, 23 Nov 2026 12:00:30 GMT', 30_000],
  ['Mon, 23 Nov 2026 11:00:00 GMT', 0],
  ['Tue, 24 Nov 2026 12:00:00 GMT', 600_000],
  ['99999', 600_000],
  ['-5', undefined],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
])('waits for %s of Retry-After in ms: %s', (header, millis) => {
  expect(retryAfterMillis(header, DATE)).toBe(millis);
});

/** A sender in simulated time whose receiver gives these answers, the last one again and again. */
function simulated(answers: readonly (Partial<HttpAnswer> | Error)[], timeoutMillis = 10_000) {
  const clock = new FakeClock(DATE);
  const times: number[] = [];
  const transport: Transport = async () => {
    times.push(clock.steady());
    const answer = answers[Math.min(times.length, answers.length) - 1]!;
    if (answer instanceof Error) throw answer;
    return { status: 200, headers: {}, body: new Uint8Array(), ...answer };
  };
  const sender = new RetryingSender(target('http://host/', { timeoutMillis }), { clock, transport });
  return { clock, times, send: () => clock.until(sender.send(BODY, 'text/x-test')) };
}

test('doubles its pauses, of which half is random, until the timeout when there is no connection', async () => {
  const { times, send: run } = simulated([new Error('refused')]);
  expect(await run()).toEqual({ kind: 'unavailable', reason: 'http://host/: refused' });
  expect(times).toEqual([0, 750, 2250, 5250]);
});

test('waits for the date, and sends nothing before, when Retry-After is later than the timeout', async () => {
  const headers = { 'retry-after': 'Mon, 23 Nov 2026 12:01:00 GMT' };
  const { clock, times, send: run } = simulated([{ status: 429, headers }, {}]);
  expect(await run()).toMatchObject({ kind: 'unavailable' });
  expect(await run()).toEqual({
    kind: 'unavailable',
    reason: 'http://host/: it asked for a pause of 60 s more',
  });
  await clock.advance(55_000);
  expect(await run()).toMatchObject({ kind: 'answered' });
  expect(times).toEqual([0, 60_000]);
});
