import net from 'node:net';
import { expect, test } from 'vitest';
import { httpGet } from '../../../../test/support/http-get.js';
import { pollUntil } from '../../../../test/support/poll.js';
import { askRaw, rawClient, requestText } from '../../../../test/support/raw-client.js';
import { runCommand } from '../../../../test/support/run-command.js';
import { HttpError, startHttpServer, textAnswer } from '../../src/http/index.js';
import { heldPage, startServer } from './support.js';

const get = async (port: number, path: string) => (await httpGet(`http://127.0.0.1:${port}${path}`)).body;

test('answers the first connections and later ones', async () => {
  const { port } = (await startServer()).address;
  const all = await Promise.all(['/page', '/healthz', '/page?x=1'].map((path) => get(port, path)));
  expect(all).toEqual(['a page\n', 'ok\n', 'a page\n']);
  expect(await get(port, '/nothing')).toMatch(/^no such page/);
});

test('passes the query to a page, and returns its errors as a status', async () => {
  const { port } = (
    await startServer({
      '/echo': ({ query, path }) => textAnswer(`${path} ${query.get('a')}`),
      '/busy': () => {
        throw new HttpError(503, 'busy', 2.5);
      },
      '/broken': async () => {
        throw new TypeError('no such thing');
      },
    })
  ).address;
  expect(await get(port, '/echo?a=b%20c&a=d')).toBe('/echo b c');
  const busy = await httpGet(`http://127.0.0.1:${port}/busy`);
  expect(busy).toMatchObject({ status: 503, body: 'busy\n', headers: { 'retry-after': '3' } });
  expect(await httpGet(`http://127.0.0.1:${port}/broken`)).toMatchObject({
    status: 500,
    body: 'no such thing\n',
  });
});

test('keeps a connection open for the next request', async () => {
  const { port } = (await startServer()).address;
  const client = await rawClient(port, requestText('/page'));
  await client.waitFor(/a page\n$/);
  client.socket.write(requestText('/healthz'));
  await client.waitFor(/ok\n$/);
  expect(client.isClosed()).toBe(false);
});

test('answers HEAD as GET, without the body', async () => {
  const { port } = (await startServer()).address;
  const client = await rawClient(port, requestText('/page', { method: 'HEAD' }) + requestText('/healthz'));
  const answers = (await client.waitFor(/^[\s\S]*\r\n\r\nok\n$/))[0];
  expect(answers).toMatch(
    /^HTTP\/1\.1 200 OK\r\n[\s\S]*Content-Length: 7\r\n[\s\S]*\r\n\r\nHTTP\/1\.1 200 OK/,
  );
});

test('signals to a page that its client has disconnected', async () => {
  const held = heldPage();
  const { port } = (await startServer({ '/held': held.handler })).address;
  const client = await rawClient(port, requestText('/held?name=a'));
  await pollUntil(() => held.asked.includes('a'), { what: 'the request' });
  client.socket.destroy();
  await pollUntil(() => held.asked.includes('a left'), { what: 'that the client has left' });
});

test.each([
  ['before the first connection', 0],
  ['while a silent client is connected', 1],
])('cuts existing connections and accepts no more when closed %s', async (_, clients) => {
  const server = await startServer();
  const { port } = server.address;
  if (clients > 0) await get(port, '/page');
  const idle = await Promise.all(Array.from({ length: clients }, () => rawClient(port)));
  server.close();
  await Promise.all(idle.map((client) => client.waitForEnd()));
  await expect(get(port, '/page')).rejects.toThrow();
});

test('cuts new connections when it is closed at once', async () => {
  const server = await startServer();
  const client = net.connect(server.address.port, '127.0.0.1').on('error', () => {});
  await new Promise((resolve) => client.once('connect', resolve));
  server.close();
  await new Promise((resolve) => client.once('close', resolve));
});

test('rejects with an error when the port is taken', async () => {
  const { port } = (await startServer()).address;
  await expect(startHttpServer({ host: '127.0.0.1', port }, new Map())).rejects.toThrow('EADDRINUSE');
});

test.runIf(await hasIPv6())('listens on IPv6', async () => {
  const { address } = await startServer({}, { host: '::1', port: 0 });
  expect(address.host).toBe('::1');
  expect((await httpGet(`http://[::1]:${address.port}/healthz`)).body).toBe('ok\n');
});

test('loads Node’s http only with the first connection', async () => {
  const dist = new URL('../../dist/http/index.js', import.meta.url).href;
  const script = `
    import { once } from 'node:events';
    import net from 'node:net';
    import { startHttpServer } from '${dist}';
    const isLoaded = () => process.moduleLoadList.some((name) => name.endsWith(' _http_server'));
    const server = await startHttpServer({ host: '127.0.0.1', port: 0 }, new Map());
    const before = isLoaded();
    const client = net.connect(server.address.port, '127.0.0.1').resume();
    client.write('GET / HTTP/1.0\\r\\n\\r\\n');
    await once(client, 'close');
    server.close();
    console.log(before, isLoaded());`;
  // With a proxy, Node itself loads http at its start.
  const env = { NODE_USE_ENV_PROXY: undefined };
  const { stdout } = await runCommand(process.execPath, ['--input-type=module', '-e', script], { env });
  expect(stdout).toBe('false true\n');
});

test('ignores options that apply to all of Node', async () => {
  const dist = new URL('../../dist/http/index.js', import.meta.url).href;
  const script = `
    import { once } from 'node:events';
    import net from 'node:net';
    import { startHttpServer } from '${dist}';
    const server = await startHttpServer({ host: '127.0.0.1', port: 0 }, new Map());
    const client = net.connect(server.address.port, '127.0.0.1').setEncoding('latin1');
    client.write('GET /healthz HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nContent-Length: 5\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n');
    let answer = '';
    client.on('data', (part) => { answer += part; });
    await once(client, 'close');
    server.close();
    console.log(answer.split('\\r\\n')[0]);`;
  const env = { NODE_OPTIONS: '--insecure-http-parser --max-http-header-size=1000000' };
  const { stdout } = await runCommand(process.execPath, ['--input-type=module', '-e', script], { env });
  expect(stdout).toBe('HTTP/1.1 400 Bad Request\n');
});

async function hasIPv6(): Promise<boolean> {
  const server = net.createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(0, '::1', () => void server.close(() => resolve(true)));
  });
}

test('accepts an HTTP/1.0 request without a host', async () => {
  const { port } = (await startServer()).address;
  expect(await askRaw(port, 'GET /page HTTP/1.0\r\n\r\n')).toMatchObject({ status: 200 });
});
