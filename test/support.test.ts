// Tests the helpers of the other tests: what they open is closed, and a wait that fails gives a reason.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { freePort } from './support/free-port.js';
import { httpGet } from './support/http-get.js';
import { peerTest } from './support/peer-test.js';
import { promtool } from './support/peers.js';
import { pollUntil } from './support/poll.js';
import { runCommand } from './support/run-command.js';
import { type RunningProcess, startNode } from './support/start-node.js';
import { startPrometheus } from './support/start-prometheus.js';
import { tempFolder } from './support/temp-folder.js';

const FOREVER = 'setInterval(() => {}, 1000)';
const METRICS = '# HELP orders_total Orders taken.\n# TYPE orders_total counter\norders_total 7\n';

describe('startNode', () => {
  let forgotten: RunningProcess | undefined;

  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('waits for output and reports how the process ended', async () => {
    const service = startNode({ args: ['-e', `console.log('port', 42); ${FOREVER}`] });
    const [, port] = await service.waitForOutput(/port (\d+)/);
    expect(port).toBe('42');
    expect(await service.stop('SIGTERM')).toEqual({ status: null, signal: 'SIGTERM' });
  });

  test('includes the output in the error when the process ends first', async () => {
    const service = startNode({ args: ['-e', "console.error('no such port'); process.exitCode = 3"] });
    await expect(service.waitForOutput(/listening/)).rejects.toThrow(/status 3[\s\S]*no such port/);
  });

  test('kills a process that ignores the signal', async () => {
    const deaf = "process.on('SIGTERM', () => {}); console.log('ready');";
    const service = startNode({ args: ['-e', deaf + FOREVER] });
    await service.waitForOutput(/ready/);
    await expect(service.stop('SIGTERM', { timeoutMillis: 100 })).rejects.toThrow(/in vain/);
    expect(service.end?.signal).toBe('SIGKILL');
  });

  test('reports a missing binary', async () => {
    const service = startNode({ node: '/nowhere/node', args: [] });
    await expect(service.waitForOutput(/ready/)).rejects.toThrow(/ENOENT/);
  });

  test('(leaves a process running until the end of the test)', async () => {
    forgotten = startNode({ args: ['-e', FOREVER] });
    expect(forgotten.pid).toBeGreaterThan(0);
  });

  test('has killed the process of the previous test', () => {
    expect(forgotten?.end?.signal).toBe('SIGKILL');
  });

  test('passes no variables of the test run to the child', async () => {
    const { stdout } = await runCommand(process.execPath, ['-p', 'Object.keys(process.env).join()']);
    expect(stdout).not.toMatch(/VITEST|NODE_ENV|npm_/);
  });

  test('passes no variables of the user that would change the child', async () => {
    for (const name of ['HEAPRAY_HOME', 'OTEL_LOG_LEVEL', 'AIRFLOW_HOME']) vi.stubEnv(name, '/elsewhere');
    const env = { OTEL_SERVICE_NAME: 'ours' };
    const { stdout } = await runCommand(process.execPath, ['-p', 'JSON.stringify(process.env)'], { env });
    const names = Object.keys(JSON.parse(stdout) as object).filter((name) =>
      /^(HEAPRAY|OTEL|AIRFLOW)_/.test(name),
    );
    expect(names).toEqual(['OTEL_SERVICE_NAME']);
  });
});

describe('runCommand', () => {
  test('returns status, stdout and stderr, and passes input on', async () => {
    const script = "process.stdin.pipe(process.stdout); console.error('told'); process.exitCode = 4";
    const result = await runCommand(process.execPath, ['-e', script], { input: 'given' });
    expect(result).toEqual({ status: 4, signal: null, stdout: 'given', stderr: 'told\n' });
  });
});

describe('pollUntil', () => {
  test('returns the first truthy value, and counts a throw as not yet', async () => {
    let calls = 0;
    const check = () => {
      calls += 1;
      if (calls === 1) throw new Error('too early');
      return calls === 2 ? undefined : calls;
    };
    expect(await pollUntil(check, { what: 'the third call', everyMillis: 1 })).toBe(3);
  });

  test('names the awaited result and the last error when time is up', async () => {
    const check = () => {
      throw new Error('connection refused');
    };
    const waiting = pollUntil(check, { what: 'the server', timeoutMillis: 5, everyMillis: 1 });
    await expect(waiting).rejects.toThrow('waited 5 ms in vain for the server: connection refused');
  });
});

describe('tempFolder', () => {
  let folder = '';

  test('(makes a folder)', () => {
    folder = tempFolder();
    expect(existsSync(folder)).toBe(true);
  });

  test('removes the folder after the test', () => {
    expect(existsSync(folder)).toBe(false);
  });
});

test('freePort returns each port once', async () => {
  const ports = new Set<number>();
  for (let at = 0; at < 500; at++) ports.add(await freePort());
  expect(ports.size).toBe(500);
});

describe('a metrics page', () => {
  const server = createServer((_request, response) => response.end(METRICS));
  afterAll(() => server.close());

  peerTest('is scraped by Prometheus', 'prometheus', async () => {
    const port = await freePort();
    server.listen(port, '127.0.0.1');
    expect(await httpGet(`http://127.0.0.1:${port}/metrics`)).toMatchObject({ status: 200, body: METRICS });
    const scraper = await startPrometheus({ targets: [`127.0.0.1:${port}`] });
    const [series] = await scraper.waitForSeries('orders_total');
    expect(series).toMatchObject({ value: 7, metric: { job: 'heapray' } });
    await scraper.waitForGoodScrapes();
    await scraper.stop();
  });

  peerTest('is checked by promtool', 'promtool', async () => {
    const check = await runCommand(promtool(), ['check', 'metrics'], { input: METRICS });
    expect(check).toMatchObject({ status: 0, stderr: '' });
  });
});
