// Runs the examples as their READMEs say, from the workspace, and finds in their metrics what the READMEs promise.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodePprof } from '@heapray/exporter/pprof';
import type { FrameRef } from '@heapray/exporter/profile';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { appFolder } from './e2e/support/app-folder.js';
import { MetricsPage } from './e2e/support/metrics-page.js';
import { freePort } from './support/free-port.js';
import { httpGet } from './support/http-get.js';
import { peerTest } from './support/peer-test.js';
import { pollUntil } from './support/poll.js';
import { runCommand } from './support/run-command.js';
import { startCollector } from './support/start-collector.js';
import { type RunningProcess, startNode } from './support/start-node.js';
import { tempFolder } from './support/temp-folder.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const EXAMPLES = path.join(ROOT, 'examples');

interface Running {
  readonly process: RunningProcess;
  readonly url: string;
  /** Reads the metrics until they fulfil the condition. */
  waitForMetrics(what: string, isThere: (page: MetricsPage) => boolean): Promise<MetricsPage>;
}

/** Runs the script `start` of an example, on free ports. */
async function start(name: string): Promise<Running> {
  const folder = path.join(EXAMPLES, name);
  const { scripts } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    readonly scripts: { readonly start: string };
  };
  const [command, ...args] = scripts.start.split(' ');
  expect(command).toBe('node');
  const [port, metrics] = [await freePort(), await freePort()];
  const env = {
    PORT: `${port}`,
    OTEL_EXPORTER_PROMETHEUS_PORT: `${metrics}`,
    HEAPRAY_DEBUG_ADDR: '127.0.0.1:0',
    HEAPRAY_SAMPLING_INTERVAL: '4096',
  };
  const process = startNode({ args, cwd: folder, env });
  return { process, url: `http://127.0.0.1:${port}`, waitForMetrics: metricsReader(process, metrics) };
}

function metricsReader(process: RunningProcess, port: number): Running['waitForMetrics'] {
  return (what, isThere) => {
    const check = async () => {
      if (process.end !== undefined) throw new Error(`the example has ended: ${process.stderr}`);
      const page = new MetricsPage((await httpGet(`http://127.0.0.1:${port}/metrics`)).body);
      return isThere(page) && page;
    };
    return pollUntil(check, { what: `${what} in the metrics` });
  };
}

/** Requests pages of an example, once it answers. */
async function request(url: string, pages: readonly string[]): Promise<void> {
  const get = async (page: string) => (await httpGet(`${url}${page}`)).status === 200;
  await pollUntil(() => get(pages[0]!), { what: `an answer of ${url}` });
  for (const page of pages.slice(1)) expect(await get(page)).toBe(true);
}

/** Reads the profiles that an example serves to administrators below its own path. */
async function checkMounted(url: string, functionName: string): Promise<void> {
  const memory = `${url}/admin/memory`;
  const get = (page: string) =>
    httpGet(new URL(page, `${memory}/`).href, { headers: { authorization: 'Bearer admin' } });
  expect((await httpGet(`${memory}/heap`)).status).toBe(401);
  const index = await get('');
  const links = [...index.body.matchAll(/href="([^"]*)"/g)].map(([, link = '']) => link);
  expect(links).toEqual(expect.arrayContaining(['heap', 'allocs', 'peak', 'leak', 'heap?debug=1', 'ui']));
  for (const link of links.filter((each) => !each.includes('seconds'))) {
    expect({ link, status: (await get(link)).status }).toEqual({ link, status: 200 });
  }
  for (const part of ['ui/page.js', 'ui/page.css', 'ui/overview.json', 'ui//debug/pprof/heap']) {
    expect({ part, status: (await get(part)).status }).toEqual({ part, status: 200 });
  }
  const { headers, bytes } = await get('heap');
  expect(headers).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-disposition': 'attachment; filename="heap.pb.gz"',
    'x-content-type-options': 'nosniff',
  });
  const profile = decodePprof(bytes);
  const names = Array.from(
    { length: profile.frameCount },
    (_, frame) => profile.frame(frame as FrameRef).functionName,
  );
  expect(names.some((name) => name.startsWith(functionName))).toBe(true);
  expect(await get('goroutine')).toMatchObject({ status: 404, headers: { 'x-go-pprof': '1' } });
}

const pages = (count: number, path: string) => Array.from({ length: count }, (_, at) => `${path}${at}`);
const retained = (page: MetricsPage, labels: Record<string, string>) =>
  page.sum('heapray_memory_retained', labels);

test('zero-code: the items are in use', async () => {
  const { process, waitForMetrics } = await start('zero-code');
  await waitForMetrics('keepOne', (page) => retained(page, { code_function_name: 'keepOne' }) > 0);
  await process.stop();
});

peerTest('sdk-setup: the pages are in use', 'project-sdk-3', async () => {
  const folder = appFolder('sdk-3');
  const [port, metrics, debug] = [await freePort(), await freePort(), await freePort()];
  const ports = [
    ['8080', `${port}`],
    ['9464', `${metrics}`],
    ['6464', `${debug}`],
  ] as const;
  for (const file of ['app.js', 'telemetry.js']) {
    let text = readFileSync(path.join(EXAMPLES, 'sdk-setup', file), 'utf8');
    for (const [from, to] of ports) text = text.replaceAll(from, to);
    writeFileSync(path.join(folder, file), text);
  }
  const app = startNode({ args: ['--import', './telemetry.js', 'app.js'], cwd: folder });
  await request(`http://127.0.0.1:${port}`, pages(300, '/'));
  await metricsReader(app, metrics)('renderPage', (page) => {
    return retained(page, { code_function_name: 'renderPage' }) > 500_000;
  });
  expect((await httpGet(`http://127.0.0.1:${debug}/healthz`)).body).toBe('ok\n');
  await app.stop();
});

test('express: the middleware has most in use', async () => {
  const { process, url, waitForMetrics } = await start('express');
  await request(url, pages(600, '/products/'));
  const labels = { code_function_name: 'recordRequest', heapray_package_name: 'example-express' };
  await waitForMetrics('recordRequest', (page) => retained(page, labels) > 200_000);
  await checkMounted(url, 'recordRequest');
  await process.stop();
});

test('fastify: the cache of pages is in use', async () => {
  const { process, url, waitForMetrics } = await start('fastify');
  await request(url, pages(300, '/pages/'));
  const labels = { code_function_name: 'renderPage', heapray_component: 'fastify-shop' };
  await waitForMetrics('renderPage', (page) => retained(page, labels) > 500_000);
  await checkMounted(url, 'renderPage');
  await process.stop();
});

peerTest('otlp: a Collector gets metrics and profiles with one resource', 'collector', async () => {
  const collector = await startCollector();
  const process = startNode({
    args: ['examples/otlp/app.mjs'],
    cwd: ROOT,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.otlp,
      OTEL_METRIC_EXPORT_INTERVAL: '500',
      OTEL_METRIC_EXPORT_TIMEOUT: '400',
      HEAPRAY_SAMPLING_INTERVAL: '4096',
    },
  });
  const check = async () => {
    const page = new MetricsPage((await httpGet(`http://${collector.metrics}/metrics`)).body);
    const bytes = page.sum('heapray_memory_retained_bytes', { code_function_name: 'addCart' });
    return bytes > 0 && page.find('target_info', {})[0];
  };
  const target = await pollUntil(check, { what: 'addCart in the metrics of the Collector' });
  const printed = await pollUntil(
    () => {
      const text = collector.profiles();
      return /service\.name: Str\(cart-service\)/.test(text) && text.includes('addCart') && text;
    },
    { what: 'addCart in the profiles of the Collector' },
  );
  expect(target!.labels.job).toBe('cart-service');
  expect(printed).toContain(`service.instance.id: Str(${target!.labels.instance})`);
  for (const text of ['alloc_objects', 'alloc_space', 'inuse_objects', 'inuse_space', 'inuse_space_stderr']) {
    expect(printed).toContain(text);
  }
  await process.stop();
});

test('typescript: call sites are in the TypeScript files', async () => {
  const build = await runCommand(process.execPath, [path.join(ROOT, 'node_modules/typescript/bin/tsc')], {
    cwd: path.join(EXAMPLES, 'typescript'),
  });
  expect(build, build.stdout).toMatchObject({ status: 0, stderr: '' });
  const { process: example, url, waitForMetrics } = await start('typescript');
  await request(url, pages(300, '/place?id='));
  const file = path.join(EXAMPLES, 'typescript/src/orders.service.ts');
  await waitForMetrics('the file', (page) => retained(page, { code_file_path: file }) > 500_000);
  await example.stop();
});

test('worker pool: the main thread is in call sites, the bytes of workers are in resident memory', async () => {
  const { process, waitForMetrics } = await start('worker-pool');
  const buffers = (page: MetricsPage) =>
    page.sum('heapray_memory_resident', { heapray_memory_kind: 'array_buffers' });
  await waitForMetrics('indexOf and the bytes', (page) => {
    return retained(page, { code_function_name: 'indexOf' }) > 500_000 && buffers(page) > 2_000_000;
  });
  await process.stop();
});

peerTest('pm2: one page has the metrics of both processes', 'project-launchers', async () => {
  const folder = appFolder('launchers');
  const [port, debug] = [await freePort(), await freePort()];
  copyFileSync(path.join(EXAMPLES, 'pm2/app.js'), path.join(folder, 'app.js'));
  const config = readFileSync(path.join(EXAMPLES, 'pm2/ecosystem.config.cjs'), 'utf8');
  expect(config).toContain('9464');
  writeFileSync(
    path.join(folder, 'ecosystem.config.cjs'),
    config.replaceAll('9464', `${port}`).replaceAll('6464', `${debug}`),
  );
  const pm2 = startNode({
    args: ['node_modules/pm2/bin/pm2-runtime', 'start', 'ecosystem.config.cjs'],
    cwd: folder,
    env: { PM2_HOME: tempFolder(), PM2_DISABLE_VERSION_CHECK: 'true' },
  });
  const labels = { code_function_name: 'parseItems', heapray_component: 'shop' };
  await metricsReader(pm2, port)('parseItems of both', (page) => {
    const series = page.find('heapray_memory_retained', labels).filter(({ value }) => value > 0);
    return new Set(series.map((each) => each.labels.process_pid)).size === 2;
  });
  await pm2.stop('SIGINT');
});

describe('airflow', () => {
  const file = path.join(EXAMPLES, 'airflow/compose.yaml');
  const { services } = parse(readFileSync(file, 'utf8')) as {
    readonly services: Record<string, { readonly image: string; readonly command: string | string[] }>;
  };

  test('every image has a version', () => {
    for (const { image } of Object.values(services)) expect(image).toMatch(/:\d+\.\d+\.\d+/);
  });

  test('the command of the container serves the captures of a folder', async () => {
    const home = tempFolder();
    const capture = path.join(ROOT, 'test/golden/airflow/dag_processor_memory.bin');
    copyFileSync(capture, path.join(home, 'dag_processor_memory.bin'));
    const port = await freePort();
    const [node, ...command] = services.heapray!.command as string[];
    expect(node).toBe('node');
    const places = new Map([
      ['/opt/airflow', home],
      ['heapray:9465', `127.0.0.1:${port}`],
    ]);
    const args = command.map((arg) => places.get(arg) ?? arg.replace(/^\/checkout(?=\/)/, ROOT));
    const watch = startNode({ args });
    const waitForMetrics = metricsReader(watch, port);
    const page = await waitForMetrics('the capture', (page) => {
      return retained(page, { heapray_component: 'dag_processor' }) > 0;
    });
    expect(page.find('heapray_memory_peak', { heapray_component: 'dag_processor' }).length).toBeGreaterThan(
      1,
    );
    await watch.stop();
  });
});
