// The profiler does not disturb its host: it does not keep the process alive, its series are bounded, it works while
// the host is busy, and it restarts when its thread dies.
import http from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { freePort } from '../support/free-port.js';
import { httpGet } from '../support/http-get.js';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import type { MetricsPage } from './support/metrics-page.js';
import { callSiteSum, pprofRaw } from './support/pprof-report.js';
import { runApp, startApp } from './support/profiled-app.js';
import { samplingMargin } from './support/sampling-margin.js';

/** Returns true if one profiler thread has died, and another is at work. */
function hasReplacedThread(page: MetricsPage): boolean {
  const deaths = page.sum('heapray_profiler_lost_sampler_total', { heapray_reason: 'thread_died' });
  const modes = page.active('heapray_profiler_status', 'heapray_profiler_mode');
  return deaths === 1 && modes.length > 0 && !modes.includes('none');
}

const LEAK = { code_function_name: 'rememberOrder' };

peerTest('an app that ends by itself ends in spite of open connections', 'project-bare', async () => {
  const app = startApp({ app: ['ending.js', 'natural'], env: { END_AFTER: 'SIGUSR2' } });
  const profile = httpGet(`${await app.debugUrl()}/debug/pprof/heap?seconds=600`).catch(() => undefined);
  const url = await app.metricsUrl();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  expect(await scrape(url, agent)).toContain('heapray_memory_resident');
  await app.waitForLog(/^worked$/m);
  process.kill(app.process.pid, 'SIGUSR2');
  // Scrape as a scraper does: over one connection, often enough that it never times out.
  while (app.process.end === undefined) {
    await scrape(url, agent).catch(() => undefined);
    await delay(100);
  }
  agent.destroy();
  await profile;
  expect(app.process.end).toEqual({ status: 0, signal: null });
});

peerTest('call sites are bounded, and the rest is summed', ['project-bare', 'go-pprof'], async () => {
  const env = { HEAPRAY_MAX_CALL_SITES: '20', HEAPRAY_SAMPLING_INTERVAL: '16384' };
  // Collect garbage first, so that no collection between two polls makes them differ.
  const app = startApp({ app: ['many-sites.js'], nodeArgs: ['--expose-gc'], env });
  await app.waitForLog(/^made$/m);
  const heap = `${await app.debugUrl()}/debug/pprof/heap`;
  await app.metrics();
  const profile = await pprofRaw(heap);
  const page = await app.metrics();
  const retained = page.find('heapray_memory_retained');
  const inUse = retained.filter(({ value }) => value > 0);
  const sites = new Set(inUse.map(({ labels }) => `${labels.code_function_name} ${labels.code_file_path}`));
  expect(sites.size).toBeGreaterThan(10);
  expect(sites.size).toBeLessThanOrEqual(20 + 1);
  // Sites that lost their place stay, because a reader never forgets a series; there are at most as many as the others.
  const ever = new Set(retained.map(({ labels }) => `${labels.code_function_name} ${labels.code_file_path}`));
  expect(ever.size).toBeLessThanOrEqual(2 * 20 + 1);
  expect(page.sum('heapray_memory_retained', { code_function_name: 'other' })).toBeGreaterThan(30 * 2 ** 20);
  for (const [column, metric] of [
    ['alloc_space', 'heapray_memory_allocated_total'],
    ['inuse_space', 'heapray_memory_retained'],
  ] as const) {
    const bytes = page.sum(metric);
    expect(Math.abs(callSiteSum(profile, column) - bytes)).toBeLessThan(samplingMargin(16_384, bytes));
  }
});

peerTest('a main thread in an endless loop can be profiled', ['project-bare', 'go-pprof'], async () => {
  const app = startApp({ app: ['spinning.js'], env: { HEAPRAY_SAMPLING_INTERVAL: '16384' } });
  const heap = `${await app.debugUrl()}/debug/pprof/heap`;
  // Wait for the app, because the profiler may be up before the app listens to the signal.
  await app.waitForLog(/^ready$/m);
  process.kill(app.process.pid, 'SIGUSR2');
  await app.waitForLog(/^spinning$/m);
  for (const url of [`${heap}?seconds=3`, heap]) {
    const stacks = (await pprofRaw(url)).samples.map(({ stack }) => stack.join(' '));
    expect(stacks.some((stack) => /\bspin\b/.test(stack))).toBe(true);
  }
  expect(await app.stop('SIGKILL')).toEqual({ status: null, signal: 'SIGKILL' });
});

peerTest('a profiler thread that dies is counted and replaced', ['project-bare', 'node-24'], async () => {
  const nodeArgs = ['--import', './thread-killer.js'];
  const app = startApp({ app: ['leaky-service.js'], nodeArgs });
  const leaks = () => app.waitForMetrics('the leak', (page) => page.sum('heapray_memory_retained', LEAK) > 0);
  const allocatedOf = (page: MetricsPage) => page.sum('heapray_memory_allocated_total');
  const before = allocatedOf(await leaks());
  process.kill(app.process.pid, 'SIGUSR2');
  await app.waitForLog(/error: the profiler thread died and is started again/);
  await app.waitForLog(/memory profiles on [\s\S]*memory profiles on /);
  const page = await leaks();
  expect(page.sum('heapray_profiler_lost_sampler_total', { heapray_reason: 'thread_died' })).toBe(1);
  // A new thread does not count samples again that were counted before.
  expect(allocatedOf(page)).toBeGreaterThanOrEqual(before);
  const samples = page.sum('heapray_profiler_samples_total');
  expect(allocatedOf(page)).toBeLessThan(3 * samples * page.sum('heapray_profiler_sampling_interval'));
  expect(await app.stop('SIGTERM')).toEqual({ status: null, signal: 'SIGTERM' });
});

peerTest(
  'a profiler thread that cannot be replaced for want of file descriptors does not end the application',
  ['project-bare', 'node-24'],
  async () => {
    const app = startApp({
      app: ['restart-without-descriptors.js'],
      nodeArgs: ['--import', './thread-killer.js'],
      prefix: ['sh', '-c', 'ulimit -n 200; exec "$@"', 'sh'],
    });
    await app.debugUrl();
    await app.waitForLog(/^ready$/m);
    process.kill(app.process.pid, 'SIGHUP');
    await app.waitForLog(/^EMFILE$/m);
    await app.waitForLog(/^survived$/m);
    await app.waitForMetrics('another thread', hasReplacedThread);
    expect(await app.stop('SIGTERM')).toEqual({ status: null, signal: 'SIGTERM' });
  },
);

peerTest(
  'a debug server that made way for the application stays closed when the profiler thread is replaced',
  ['project-bare', 'node-24'],
  async () => {
    const app = startApp({
      app: ['takes-debug-port.js'],
      nodeArgs: ['--import', './thread-killer.js'],
      env: { HEAPRAY_DEBUG_ADDR: `127.0.0.1:${await freePort()}` },
    });
    const url = await app.debugUrl();
    await app.waitForLog(/^ready$/m);
    process.kill(app.process.pid, 'SIGHUP');
    await app.waitForLog(/debug server: closed, because the application itself uses/);
    await app.waitForLog(/error: the profiler thread died and is started again/);
    await app.waitForMetrics('another thread', hasReplacedThread);
    await expect(httpGet(`${url}/healthz`)).rejects.toThrow('ECONNREFUSED');
    expect(app.process.stderr.match(/memory profiles on/g)).toHaveLength(1);
    await app.stop('SIGTERM');
  },
);

peerTest('NODE_OPTIONS profiles every process once, and no worker thread', 'project-bare', async () => {
  const app = startApp({
    app: ['with-workers.js'],
    register: false,
    env: { NODE_OPTIONS: '--import @heapray/instrumentation/register' },
  });
  await app.waitForLog(/(worker \d+: \s+){2}/);
  await app.metricsUrl();
  await app.debugUrl();
  expect(app.process.stderr.match(/^heapray: .*$/gm)).toHaveLength(2);
  expect(await app.stop('SIGTERM')).toEqual({ status: null, signal: 'SIGTERM' });
});

peerTest('programs without a file of their own are profiled too', 'project-bare', async () => {
  const env = { HEAPRAY_TRACE_COMPONENTS: 'node' };
  // On a slow machine, a program that ends at once does so before its thread has started, and logs that.
  const { stderr } = await pollUntil(
    async () => {
      const result = await runApp({ app: ['-p', '6 * 7'], env });
      expect.soft(result).toMatchObject({ status: 0, stdout: '42\n' });
      return !result.stderr.includes('the process ends before') && result;
    },
    { what: 'an end that was not too early for a capture' },
  );
  expect(stderr).toMatch(/profiling memory of component node: .*node_memory\.bin/);
});

function scrape(url: string, agent: http.Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    http.get(url, { agent }, (response) => resolve(text(response))).once('error', reject);
  });
}
