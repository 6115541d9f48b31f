import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type HttpAnswer, httpGet } from '../../../../test/support/http-get.js';
import { askRaw, requestText } from '../../../../test/support/raw-client.js';
import { HttpError, type LiveSource, livePages } from '../../src/http/index.js';
import { livePage } from '../../src/page/index.js';
import { startServer } from './support.js';

const PAGES: LiveSource['pages'] = [
  { name: 'heap', defaultColumn: 'inuse_space', summary: '', changes: true },
  { name: 'peak', defaultColumn: 'peak_space', summary: '', changes: false },
];

/** Starts a server with the live page of a source, whose data repeats the request. */
async function startLive(source: Partial<LiveSource> = {}) {
  let loaded = 0;
  const json = (data: unknown) => Buffer.from(JSON.stringify(data));
  const routes = livePages({
    pages: PAGES,
    unsupported: {},
    page: async () => {
      loaded++;
      return livePage();
    },
    overview: async ({ gzip }) => json({ gzip }),
    profile: async ({ name, seconds, past, component }) => json({ name, seconds, past, component }),
    difference: async ({ before, after, component, other }) => json({ before, after, component, other }),
    ...source,
  });
  const { port } = (await startServer(Object.fromEntries(routes))).address;
  const get = (path: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
    httpGet(`http://127.0.0.1:${port}/debug/ui${path}`, { headers });
  return { port, get, loaded: () => loaded };
}

test('serves a page that has neither inline script nor style, and forbids both', async () => {
  const { get } = await startLive();
  const { status, headers, body } = await get('');
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(headers['content-security-policy']).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  expect(headers['cross-origin-resource-policy']).toBe('same-origin');
  expect(body).toContain('<div id="page" data-mode="live">');
  expect(body).toContain('<noscript>');
  expect(body).toContain('<script src="ui/page.js" defer></script>');
  expect(body).not.toMatch(/<style|style=|<script>| on[a-z]+=/);
  expect(await get('/')).toMatchObject({ status: 307, headers: { location: '../ui' } });
});

test.each([
  ['/page.js', 'text/javascript; charset=utf-8', livePage().script],
  ['/page.css', 'text/css; charset=utf-8', livePage().style],
  ['/holders.js', 'text/javascript; charset=utf-8', livePage().holders],
])('serves %s once to a client that keeps it', async (path, type, text) => {
  const { get } = await startLive();
  const plain = await get(path);
  expect(plain.headers).toMatchObject({ 'content-type': type, 'cache-control': 'no-cache' });
  expect(plain.body === text).toBe(true);
  const { etag = '' } = plain.headers;
  const zipped = await get(path, { 'accept-encoding': 'br, gzip;q=0.8' });
  expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding', etag });
  expect(gunzipSync(zipped.bytes).toString() === text).toBe(true);
  for (const known of [etag, `"other", ${etag}`, '*', etag.replace('W/', '')]) {
    expect(await get(path, { 'if-none-match': known })).toMatchObject({
      status: 304,
      body: '',
      headers: { etag },
    });
  }
  expect((await get(path, { 'if-none-match': '"other"' })).status).toBe(200);
  expect((await get(path, { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding']).toBeUndefined();
});

test('loads the page with the first request for it, and again after a failure', async () => {
  let fails = true;
  const { get, loaded } = await startLive();
  await get('/overview.json');
  expect(loaded()).toBe(0);
  await Promise.all([get(''), get('/page.js'), get('/page.css')]);
  expect(loaded()).toBe(1);
  const broken = await startLive({
    page: async () => {
      if (fails) throw new Error('no such file');
      return livePage();
    },
  });
  expect(await broken.get('')).toMatchObject({ status: 500 });
  fails = false;
  expect(await broken.get('')).toMatchObject({ status: 200 });
});

test('passes checked queries to the source', async () => {
  const { get } = await startLive();
  const json = async (path: string) => JSON.parse((await get(path)).body);
  expect(await json('/overview.json')).toEqual({ gzip: false });
  expect(await json('/profile.json')).toEqual({ name: 'heap' });
  expect(await json('/profile.json?name=peak')).toEqual({ name: 'peak' });
  expect(await json('/profile.json?name=heap&seconds=5')).toEqual({ name: 'heap', seconds: 5 });
  expect(await json('/profile.json?since=60&until=5')).toEqual({
    name: 'heap',
    past: { since: 60, until: 5 },
  });
  expect(await json('/diff.json?before=1000&after=now')).toEqual({ before: 1000 });
  expect(await json('/diff.json?before=1000&after=2000')).toEqual({ before: 1000, after: 2000 });
});

test('compares components where there are some', async () => {
  const { get } = await startLive({ components: () => ['api', 'scheduler'] });
  expect(JSON.parse((await get('/diff.json?component=api&other=scheduler')).body)).toEqual({
    component: 'api',
    other: 'scheduler',
  });
  expect(await get('/diff.json?component=api&other=nothing')).toMatchObject({
    status: 404,
    body: 'other: expected one of api, scheduler\n',
  });
});

test.each([
  ['/profile.json?name=nothing', 400, /^name: expected one of heap, peak/],
  ['/profile.json?name=__proto__', 400, /^name: /],
  ['/profile.json?debug=1', 400, /^debug: /],
  ['/profile.json?seconds=0', 400, /^seconds: /],
  ['/profile.json?name=peak&seconds=1', 400, /not on peak/],
  ['/diff.json', 400, /^before: /],
  ['/diff.json?before=now', 400, /^before: /],
  ['/diff.json?before=-1', 400, /^before: /],
  ['/diff.json?before=2&after=1', 400, /^after: /],
  ['/diff.json?after=1', 400, /^before: /],
  ['/nothing', 404, /^no such page/],
  ['/page.js/', 404, /^no such page/],
  ['/../pprof', 404, /^no such page/],
])('rejects %s with %i', async (path, status, message) => {
  const { port } = await startLive();
  const { status: given, answer } = await askRaw(port, closing(`/debug/ui${path}`));
  expect(given).toBe(status);
  expect(answer.split('\r\n\r\n')[1]).toMatch(message);
});

test.each(['', '/page.js', '/page.css', '/overview.json', '/profile.json', '/diff.json?before=1'])(
  'answers HEAD of %s without making data, and no other host',
  async (path) => {
    let made = 0;
    const make = async () => {
      made++;
      return Buffer.from('{}');
    };
    const { port } = await startLive({ overview: make, profile: make, difference: make });
    const head = await askRaw(port, closing(`/debug/ui${path}`, { method: 'HEAD' }));
    expect(head.status).toBe(200);
    expect(head.answer).toMatch(/\r\n\r\n$/);
    expect(made).toBe(0);
    const refused = await askRaw(port, closing(`/debug/ui${path}`, { host: 'evil.example' }));
    expect(refused.status).toBe(403);
    expect((await askRaw(port, closing(`/debug/ui${path}`, { method: 'POST' }))).status).toBe(405);
  },
);

test('passes on refusals of the source', async () => {
  const { get } = await startLive({
    overview: async () => {
      throw new HttpError(429, 'too often', 3);
    },
  });
  expect(await get('/overview.json')).toMatchObject({ status: 429, headers: { 'retry-after': '3' } });
});

function closing(path: string, options: Parameters<typeof requestText>[1] = {}): string {
  return requestText(path, options).replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
}
