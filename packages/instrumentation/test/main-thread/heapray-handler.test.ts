import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { atEnd } from '../../../../test/support/cleanup.js';
import { httpGet } from '../../../../test/support/http-get.js';
import { heaprayHandler } from '../../src/main-thread/heapray-handler.js';

/** Serves the handler in a process without a profiler. */
async function serve(): Promise<string> {
  const server = createServer(heaprayHandler());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('answers 503 while memory is not profiled', async () => {
  const url = await serve();
  for (const path of ['/', '/heap', '/debug/pprof/heap?seconds=5', '/ui']) {
    expect(await httpGet(`${url}${path}`)).toMatchObject({
      status: 503,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'x-go-pprof': '1' },
      body: 'memory is not profiled in this process\n',
    });
  }
  const disabled = heaprayHandler({ instrumentation: { isProfiling: false } });
  expect(() => disabled({ method: 'GET', url: '/', headers: {} } as never, {} as never)).not.toThrow();
});

test('answers 404 for other pages, and sends a client of the index to its folder', async () => {
  const url = await serve();
  expect(await httpGet(`${url}/goroutine`)).toMatchObject({ status: 404, body: 'no such page\n' });
  expect(await httpGet(`${url}/debug/pprof`)).toMatchObject({ status: 307, headers: { location: 'pprof/' } });
});

test('answers 405 for other methods', async () => {
  const posted = request(`${await serve()}/heap`, { method: 'POST' });
  posted.end('a body');
  const [response] = await once(posted, 'response');
  response.resume();
  expect([response.statusCode, response.headers.allow]).toEqual([405, 'GET, HEAD']);
});

test('never throws, whatever it is called with', () => {
  const handler = heaprayHandler() as (...args: unknown[]) => void;
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error('on purpose');
      },
    },
  );
  for (const value of [undefined, null, 7, {}, hostile]) expect(() => handler(value, value)).not.toThrow();
});
