// Malicious or faulty clients: others must be answered, and little may be stored for them.
import { describe, expect, test } from 'vitest';
import { httpGet } from '../../../../test/support/http-get.js';
import { pollUntil } from '../../../../test/support/poll.js';
import { type RawClient, rawClient, requestText } from '../../../../test/support/raw-client.js';
import { HttpError, textAnswer } from '../../src/http/index.js';
import { heldPage, startServer } from './support.js';

const HALF_A_REQUEST = 'GET /page HTTP/1.1\r\nHost: 127.0';
/** More than the system accepts of an answer that is not read. */
const LARGE = new Uint8Array(32 * 2 ** 20);

async function isHealthy(port: number): Promise<boolean> {
  return (await httpGet(`http://127.0.0.1:${port}/healthz`)).body === 'ok\n';
}

function clients(port: number, count: number, text: string): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: count }, () => rawClient(port, text)));
}

describe('pipelined requests on one connection', () => {
  test('are handled one at a time, and answered in order', async () => {
    const held = heldPage();
    const { port } = (await startServer({ '/held': held.handler })).address;
    const names = ['a', 'b', 'c', 'd'];
    const client = await rawClient(port, names.map((name) => requestText(`/held?name=${name}`)).join(''));
    for (const [at, name] of names.entries()) {
      await pollUntil(() => held.asked.length > at, { what: `request ${name}` });
      expect(held.asked).toEqual(names.slice(0, at + 1));
      held.answerNext();
    }
    await client.waitFor(/\na\n[\s\S]*\nb\n[\s\S]*\nc\n[\s\S]*\nd\n/);
  });

  test('are answered in order when some are answered at once', async () => {
    const { port } = (await startServer()).address;
    const heads = requestText('/page', { method: 'HEAD' }).repeat(4);
    const client = await rawClient(port, heads + requestText('/healthz') + requestText('/nothing'));
    const answer = (await client.waitFor(/^[\s\S]*\nno such page.*\n$/))[0];
    expect(answer.match(/^HTTP\/1\.1 \d+/gm)).toEqual([...Array(5).fill('HTTP/1.1 200'), 'HTTP/1.1 404']);
  });

  test.each(['GET', 'HEAD'])('are cut off when there are thousands: %s', async (method) => {
    const held = heldPage();
    const { port } = (await startServer({ '/held': held.handler })).address;
    const client = await rawClient(port, requestText('/held?name=a', { method }).repeat(20_000));
    await client.waitForEnd();
    expect(held.asked).toEqual(['a', 'a left']);
    expect(await isHealthy(port)).toBe(true);
  });

  test('wait until the previous answer was read', async () => {
    let made = 0;
    const { port } = (
      await startServer({
        '/large': () => {
          made++;
          return { type: 'application/octet-stream', body: LARGE };
        },
      })
    ).address;
    const client = await rawClient(port);
    client.socket.pause();
    client.socket.write(requestText('/large').repeat(4));
    await pollUntil(() => made > 0, { what: 'the first answer' });
    // Other answers arrive after any further answer would have been made.
    for (let i = 0; i < 5; i++) expect(await isHealthy(port)).toBe(true);
    expect(made).toBe(1);
    client.socket.resume();
    await pollUntil(() => made === 4, { what: 'the others' });
  });
});

describe('many connections', () => {
  test.each([
    ['that say nothing', ''],
    ['with half a request', HALF_A_REQUEST],
    ['that keep their connection', requestText('/page')],
    ['that wait for an answer', requestText('/held')],
    ['that read nothing of an answer', requestText('/large')],
    ['that are refused', requestText('/refused')],
  ])('%s: others are answered, and the oldest is cut', async (_, text) => {
    const { port } = (
      await startServer({
        '/held': heldPage().handler,
        '/large': () => ({ type: 'application/octet-stream', body: LARGE }),
        '/refused': () => {
          throw new HttpError(429, 'too often', 1);
        },
      })
    ).address;
    const first = await rawClient(port, text);
    first.socket.pause();
    const many = await clients(port, 300, text);
    for (const { socket } of many) socket.pause();
    expect(await isHealthy(port)).toBe(true);
    first.socket.resume();
    await first.waitForEnd();
    const last = await httpGet(`http://127.0.0.1:${port}/page`);
    expect(last.body).toBe('a page\n');
  });

  test('cut an idle connection before one in work', async () => {
    const held = heldPage();
    const { port } = (await startServer({ '/held': held.handler })).address;
    const working = await rawClient(port, requestText('/held?name=a'));
    await pollUntil(() => held.asked.length === 1, { what: 'the request' });
    await clients(port, 300, '');
    held.answerNext();
    expect((await working.waitFor(/\r\n\r\n(.*)\n/))[1]).toBe('a');
  });
});

test('cuts off slow clients, but not one that keeps reading', async () => {
  const left: string[] = [];
  const { port } = (
    await startServer({
      '/large': ({ query, signal }) => {
        signal.addEventListener('abort', () => left.push(query.get('name') ?? ''));
        return { type: 'application/octet-stream', body: LARGE };
      },
    })
  ).address;
  const reader = await rawClient(port, requestText('/large?name=reader'));
  const idle = await Promise.all(
    ['', HALF_A_REQUEST, requestText('/page')].map((text) => rawClient(port, text)),
  );
  const stalled = await rawClient(port);
  stalled.socket.pause();
  stalled.socket.write(requestText('/large?name=stalled'));
  const dripping = await rawClient(port, 'GET /page HTTP/1.1\r\nX: ');
  const drip = setInterval(() => dripping.socket.write('x'), 100);
  await dripping.waitForEnd().finally(() => clearInterval(drip));
  const told = await Promise.all(idle.map((client) => client.waitForEnd()));
  expect(told.map((text) => /^HTTP\/1\.1 (\d+)/.exec(text)?.[1])).toEqual([undefined, '408', '200']);
  await pollUntil(() => left.includes('stalled'), { what: 'the end of the one that reads nothing' });
  expect(reader.socket.bytesRead).toBeGreaterThan(LARGE.length);
  expect(left).toEqual(['stalled']);
});

test('delays the refusal of a client that sends requests too often', async () => {
  let asked = 0;
  const { port } = (
    await startServer({
      '/refused': () => {
        asked++;
        throw new HttpError(429, 'too often', 7);
      },
      '/page': () => textAnswer('a page\n'),
    })
  ).address;
  const client = await rawClient(port, requestText('/refused'));
  await pollUntil(() => asked === 1, { what: 'the request' });
  expect(await isHealthy(port)).toBe(true);
  expect(client.received()).toBe('');
  const [answer] = await client.waitFor(/^[\s\S]*too often\n$/);
  expect(answer).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n[\s\S]*\r\nRetry-After: 7\r\n/);
});
