import net from 'node:net';
import { expect, test } from 'vitest';
import { httpGet } from '../../../../test/support/http-get.js';
import { runCommand } from '../../../../test/support/run-command.js';
import { startLazyHttp } from '../../src/server/lazy-http.js';

const LOOPBACK = { host: '127.0.0.1', port: 0 };

function start() {
  return startLazyHttp(LOOPBACK, 16, (request, response) => void response.end(`you want ${request.url}`));
}

const get = async (port: number, path: string) => (await httpGet(`http://127.0.0.1:${port}${path}`)).body;

test('the first connections are answered, and those after them', async () => {
  const server = await start();
  const { port } = server.address;
  const all = await Promise.all(['/1', '/2', '/3'].map((path) => get(port, path)));
  expect(all).toEqual(['you want /1', 'you want /2', 'you want /3']);
  expect(await get(port, '/4')).toBe('you want /4');
  server.close();
});

test.each([
  ['before anybody came', 0],
  ['while somebody who says nothing is there', 1],
])('closed %s it cuts off who is there, and accepts nobody', async (_, clients) => {
  const server = await start();
  const { port } = server.address;
  if (clients > 0) await get(port, '/');
  const idle = Array.from({ length: clients }, () => net.connect(port, '127.0.0.1').on('error', () => {}));
  await Promise.all(idle.map((client) => new Promise((resolve) => client.once('connect', resolve))));
  server.close();
  await Promise.all(idle.map((client) => new Promise((resolve) => client.once('close', resolve))));
  await expect(get(port, '/')).rejects.toThrow();
});

test('closed at once, somebody at the door is sent away', async () => {
  const server = await start();
  const client = net.connect(server.address.port, '127.0.0.1').on('error', () => {});
  await new Promise((resolve) => client.once('connect', resolve));
  server.close();
  await new Promise((resolve) => client.once('close', resolve));
});

test('a taken port is an error', async () => {
  const first = await start();
  const taken = { ...LOOPBACK, port: first.address.port };
  await expect(startLazyHttp(taken, 16, () => {})).rejects.toThrow('EADDRINUSE');
  first.close();
});

test('nothing of http is loaded until somebody asks', async () => {
  const dist = new URL('../../dist/server/lazy-http.js', import.meta.url).href;
  const script = `
    import { once } from 'node:events';
    import net from 'node:net';
    import { startLazyHttp } from '${dist}';
    const isLoaded = () => process.moduleLoadList.some((name) => name.endsWith(' _http_server'));
    const server = await startLazyHttp({ host: '127.0.0.1', port: 0 }, 16, (_, response) => response.end());
    const before = isLoaded();
    const client = net.connect(server.address.port, '127.0.0.1').resume();
    client.write('GET / HTTP/1.0\\r\\n\\r\\n');
    await once(client, 'close');
    server.close();
    console.log(before, isLoaded());`;
  // Behind a proxy Node itself loads http at its start.
  const env = { NODE_USE_ENV_PROXY: undefined };
  const { stdout } = await runCommand(process.execPath, ['--input-type=module', '-e', script], { env });
  expect(stdout).toBe('false true\n');
});
