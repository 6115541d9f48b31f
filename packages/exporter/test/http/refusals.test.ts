// Every rejected request has a clear status.
import { describe, expect, test } from 'vitest';
import { askRaw, rawClient, requestText } from '../../../../test/support/raw-client.js';
import { checkHost } from '../../src/http/access/host-check.js';
import { HttpError, readAddresses } from '../../src/http/index.js';
import { startServer } from './support.js';

const ALLOY = '10.0.0.7 Alloy/v1.12.0 (linux; helm)';

function hasAddresses(query: string, client = '::1 Go-http-client/1.1'): boolean {
  return readAddresses({ query: new URLSearchParams(query), client });
}

test.each([
  ['', undefined, false],
  ['addresses=0', undefined, false],
  ['addresses=1', undefined, true],
  ['', ALLOY, true],
  ['', '10.0.0.7 Alloy OTel Extension/v1.12.0 (linux)', true],
  ['', '10.0.0.7 GrafanaAgent/v0.44.0 (flow; linux)', true],
  ['addresses=0', ALLOY, false],
  ['', '10.0.0.7 Mozilla/5.0 Alloy/1', false],
  ['', '10.0.0.7 Alloyed', false],
])('gives addresses when the query is %j and the client %j: %j', (query, client, expected) => {
  expect(hasAddresses(query, client)).toBe(expected);
});

test.each(['addresses=', 'addresses=yes', 'addresses=2'])('refuses %s', (query) => {
  expect(() => hasAddresses(query)).toThrow(HttpError);
});

function statusOf(authority: string, listenHost = '127.0.0.1'): number {
  try {
    checkHost(authority, listenHost);
    return 200;
  } catch (error) {
    if (error instanceof HttpError) return error.status;
    throw error;
  }
}

describe('Host', () => {
  test.each([
    'localhost',
    '0.0.0.0',
    'LocalHost:6464',
    'localhost.:6464',
    'app.localhost:6464',
    'ip6-localhost',
    '127.0.0.1',
    '127.0.0.1:1',
    '127.0.0.1:',
    '10.1.2.3:6464',
    '[::1]',
    '[::1]:6464',
    '[fe80::1%eth0]:6464',
    '[::ffff:127.0.0.1]:6464',
  ])('%s is allowed', (authority) => {
    expect(statusOf(authority)).toBe(200);
  });

  test.each([
    'evil.example',
    'evil.example:6464',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'notlocalhost',
    'xn--localhost',
    '0x7f.1',
    '2130706433',
    '127.0.0.1.5',
    '127.0.0.1,localhost',
  ])('%s is not allowed', (authority) => {
    expect(statusOf(authority)).toBe(403);
  });

  test.each([
    '',
    ' ',
    ':6464',
    '[::1',
    '::1',
    '[127.0.0.1]',
    '[]',
    '[localhost]:1',
    'a b',
    'user@127.0.0.1',
    '127.0.0.1/x',
    '127.0.0.1:999999',
    '127.0.0.1:64a',
    'http://127.0.0.1',
  ])('%j is malformed', (authority) => {
    expect(statusOf(authority)).toBe(400);
  });

  test('the name on which the server listens is allowed, and no other', () => {
    expect(statusOf('Metrics.internal:9465', 'metrics.internal')).toBe(200);
    expect(statusOf('metrics.internal.:9465', 'metrics.internal')).toBe(200);
    expect(statusOf('other.internal:9465', 'metrics.internal')).toBe(403);
    expect(statusOf('app:9465', '0.0.0.0')).toBe(403);
  });

  test('is checked on every page, before anything else', async () => {
    const { port } = (await startServer()).address;
    for (const path of ['/page', '/healthz', '/nothing']) {
      const { status, answer } = await askRaw(port, requestText(path, { host: 'evil.example' }));
      expect(status, path).toBe(403);
      expect(answer).toContain('this name is not allowed');
    }
    expect(await askRaw(port, requestText('/page', { host: 'localhost:1' }))).toMatchObject({ status: 200 });
    expect(await askRaw(port, requestText('/page', { host: '' }))).toMatchObject({ status: 400 });
  });

  test('is required, and allowed only once', async () => {
    const { port } = (await startServer()).address;
    const two = 'GET /page HTTP/1.1\r\nHost: 127.0.0.1\r\nhost: evil.example\r\n\r\n';
    expect(await askRaw(port, two)).toMatchObject({ status: 400 });
    expect(await askRaw(port, 'GET /page HTTP/1.1\r\n\r\n')).toMatchObject({ status: 400 });
  });
});

const HOST = 'Host: 127.0.0.1\r\n';

describe('rejects a request', () => {
  test.each<[string, number, string]>([
    ['POST', 405, `POST /page HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`],
    ['POST with a body', 405, `POST /page HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`],
    ['DELETE', 405, requestText('/page', { method: 'DELETE' })],
    ['OPTIONS of everything', 405, requestText('*', { method: 'OPTIONS' })],
    ['TRACE', 405, requestText('/page', { method: 'TRACE' })],
    ['CONNECT', 405, requestText('127.0.0.1:22', { method: 'CONNECT' })],
    ['GET of a whole URL', 200, requestText('http://127.0.0.1:1/page')],
    ['GET of a whole URL of another host', 403, requestText('http://evil.example/page')],
    ['GET of a URL without a path', 404, requestText('http://127.0.0.1')],
    ['GET of another scheme', 400, requestText('ftp://127.0.0.1/page')],
    ['GET of no path', 400, requestText('page')],
    ['GET of a path that begins with two slashes', 404, requestText('//127.0.0.1/page')],
    ['GET of a path with dots', 404, requestText('/nothing/../page')],
    ['GET of a path that is encoded', 404, requestText('/%70age')],
    ['GET with a body', 400, `GET /page HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`],
    [
      'GET with chunks',
      400,
      `GET /page HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    ],
    [
      'GET with an endless body',
      400,
      `GET /page HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
    ],
    [
      'GET that waits to send a body',
      400,
      `GET /page HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
    ],
    ['GET with another expectation', 417, `GET /page HTTP/1.1\r\n${HOST}Expect: tea\r\n\r\n`],
    [
      'GET with an upgrade',
      200,
      `GET /page HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    ],
    [
      'GET with an upgrade to HTTP/2',
      200,
      `GET /page HTTP/1.1\r\n${HOST}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
    ],
    ['HTTP/2 from the start', 408, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['TLS', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['no HTTP', 400, 'hello\r\n\r\n'],
    ['headers beyond 16 KiB', 431, `GET /page HTTP/1.1\r\n${HOST}X: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['a path beyond 16 KiB', 431, requestText(`/${'x'.repeat(20_000)}`)],
    ['a header without a colon', 400, `GET /page HTTP/1.1\r\n${HOST}nonsense\r\n\r\n`],
    ['two lengths', 400, `GET /page HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`],
    [
      'a length and chunks',
      400,
      `GET /page HTTP/1.1\r\n${HOST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
  ])('%s: %i', async (_, status, text) => {
    const { port } = (await startServer()).address;
    expect(await askRaw(port, text)).toMatchObject({ status });
    expect(await askRaw(port, requestText('/healthz'))).toMatchObject({ status: 200 });
  });

  test('with another method and lists the allowed ones; with a body and closes the connection', async () => {
    const { port } = (await startServer()).address;
    const client = await rawClient(port, `PUT /page HTTP/1.1\r\n${HOST}Content-Length: 1000\r\n\r\nhello`);
    const answer = await client.waitForEnd();
    expect(answer).toMatch(/\r\nAllow: GET, HEAD\r\n/);
    expect(answer).toMatch(/\r\nConnection: close\r\n/);
  });

  test('with a long body, and does not read the rest of the body', async () => {
    const { port } = (await startServer()).address;
    const client = await rawClient(port, `POST /page HTTP/1.1\r\n${HOST}Content-Length: 4000000\r\n\r\n`);
    client.socket.write('x'.repeat(4_000_000));
    await client.waitFor(/^HTTP\/1\.1 405 Method Not Allowed\r\n[\s\S]*only GET and HEAD/);
    await client.waitForEnd();
  });
});
