import { expect, test } from 'vitest';
import { answerRequest, textAnswer, withToken } from '../../src/http/index.js';

const TOKEN = 'correct-horse-battery';
const routes = withToken(new Map([['/debug/pprof/heap', () => textAnswer('the heap')]]), TOKEN);
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

function ask(authorization: string | undefined, path = '/debug/pprof/heap') {
  return answerRequest(routes, {
    method: 'GET',
    path,
    query: new URLSearchParams(),
    client: 'test',
    acceptsGzip: false,
    authorization,
    ifNoneMatch: undefined,
    signal: new AbortController().signal,
  });
}

test.each([`Bearer ${TOKEN}`, `bearer   ${TOKEN} `, basic(`:${TOKEN}`), basic(`anyone:${TOKEN}`)])(
  'lets a client in that sends the token when it is written as %s',
  async (authorization) => {
    expect(await ask(authorization)).toMatchObject({ body: 'the heap' });
  },
);

test.each([
  undefined,
  '',
  'Bearer',
  'Bearer wrong',
  `Bearer ${TOKEN}x`,
  `Bearer ${TOKEN} x`,
  TOKEN,
  basic(TOKEN),
  basic(`${TOKEN}:`),
  'Basic ===',
  `Digest ${TOKEN}`,
  `Bearer ${'x'.repeat(100_000)}`,
])('answers 401 when a client sends %s', async (authorization) => {
  const answer = await ask(authorization);
  expect(answer).toMatchObject({
    status: 401,
    headers: { 'WWW-Authenticate': 'Bearer realm="heapray", Basic realm="heapray"', 'X-Go-Pprof': '1' },
  });
  expect(answer.body).not.toContain(TOKEN);
});

test('the health check needs no token', async () => {
  expect(await ask(undefined, '/healthz')).toMatchObject({ body: 'ok\n' });
});

test('errors below /debug/pprof have the mark of Go', async () => {
  const unknown = await ask(`Bearer ${TOKEN}`, '/debug/pprof/goroutine');
  expect(unknown).toMatchObject({
    status: 404,
    type: 'text/plain; charset=utf-8',
    headers: { 'X-Go-Pprof': '1' },
  });
  expect((await ask(undefined, '/elsewhere')).headers).toEqual({});
});
