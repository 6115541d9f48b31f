// Metrics and profiles of a preloaded heapray go to the application's own MeterProvider if it has
// one, else to endpoints that stay on their ports and exist once.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect } from 'vitest';
import { atEnd } from '../support/cleanup.js';
import { freePort } from '../support/free-port.js';
import { httpGet } from '../support/http-get.js';
import { peerTest } from '../support/peer-test.js';
import { promtool } from '../support/peers.js';
import { runCommand } from '../support/run-command.js';
import { portOf, waitForLeak, waitForPorts } from './support/leak-page.js';
import { listeningPorts } from './support/listening-ports.js';
import { type AppOptions, type RunningApp, startApp } from './support/profiled-app.js';

const LEAK = { code_function_name: 'rememberOrder' };

describe('an application with a MeterProvider of its own', () => {
  peerTest('gets the metrics, and no second endpoint is opened', 'project-bare', async () => {
    const [own, heaprays] = [await freePort(), await freePort()];
    const service = startService(['own-provider.cjs', 'at-once'], { own, heaprays });
    const debugPort = portOf(await service.debugUrl());
    await waitForLeak(own);
    expect(listeningPorts(service.process.pid)).toEqual([own, debugPort].sort((a, b) => a - b));
    expect(service.process.stderr).not.toMatch(/metrics on|warn|error/);
  });

  peerTest('gets them also when it comes late: the endpoint closes', 'project-bare', async () => {
    const [own, heaprays] = [await freePort(), await freePort()];
    const service = startService(['own-provider.cjs', 'late'], { own, heaprays });
    const debugPort = portOf(await service.debugUrl());
    expect(await service.metricsUrl()).toBe(`http://127.0.0.1:${heaprays}/metrics`);
    await waitForLeak(heaprays);
    process.kill(service.process.pid, 'SIGUSR2');
    await waitForLeak(own);
    await waitForPorts(service, [own, debugPort]);
    expect(service.process.stderr).not.toMatch(/warn|error/);
  });

  peerTest('has one profiler when its SDK has heapray, too', 'project-sdk-3', async () => {
    const [own, heaprays] = [await freePort(), await freePort()];
    const app = ['sdk-service.js', 'node-sdk'];
    const service = startService(app, { own, heaprays }, { project: 'sdk-3' });
    const debugPort = portOf(await service.debugUrl());
    const page = await waitForLeak(own);
    expect(page.find('heapray_profiler_samples_total')).toHaveLength(1);
    expect(page.sum('heapray_profiler_lost_sampler_total')).toBe(0);
    // An SDK that takes long to load registers late.
    await waitForPorts(service, [own, debugPort]);
    expect(await service.stop('SIGTERM')).toEqual({ status: 0, signal: null });
  });
});

describe('the metrics endpoint', () => {
  peerTest('passes promtool and answers on one path', ['project-bare', 'promtool'], async () => {
    const service = startApp({ app: ['leaky-service.js'] });
    const url = await service.metricsUrl();
    const page = await httpGet(url);
    expect(page.headers['content-type']).toMatch(/^text\/plain/);
    const check = await runCommand(promtool(), ['check', 'metrics'], { input: page.body });
    expect(check).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
    expect((await httpGet(url.replace('/metrics', '/'))).status).toBe(404);
    expect((await httpGet(`${url}?name=x`)).status).toBe(200);
  });

  peerTest('exists only if the environment leaves metrics to Prometheus', 'project-bare', async () => {
    const settings = [
      { OTEL_METRICS_EXPORTER: 'none' },
      { OTEL_METRICS_EXPORTER: 'otlp' },
      { OTEL_SDK_DISABLED: ' True' },
      { OTEL_METRICS_EXPORTER: 'otlp, prometheus' },
      { OTEL_METRICS_EXPORTER: '', OTEL_SDK_DISABLED: 'yes' },
    ];
    const services: RunningApp[] = [];
    for (const env of settings) {
      const service = startApp({ app: ['leaky-service.js'], env });
      await service.debugUrl();
      services.push(service);
    }
    // Endpoints of the earlier processes would have opened before those of the later ones.
    for (const service of services.slice(3)) await service.metricsUrl();
    const counts = services.map(({ process }) => listeningPorts(process.pid).length);
    expect(counts).toEqual([1, 1, 1, 2, 2]);
  });

  peerTest('stays on its port when the port is taken', 'project-bare', async () => {
    const taken = await takenPort();
    const env = { OTEL_EXPORTER_PROMETHEUS_PORT: `${taken}` };
    const service = startApp({ app: ['leaky-service.js'], env });
    await service.waitForLog(/warn: metrics endpoint: cannot listen on 127\.0\.0\.1:\d+/);
    await expectGoesOn(service);
    expect(listeningPorts(service.process.pid)).toEqual([portOf(await service.debugUrl())]);
    expect(service.process.stderr.match(/warn|error/g)).toHaveLength(1);
  });

  peerTest(
    'is closed, as the debug server is, when port and token are not valid',
    'project-bare',
    async () => {
      const env = { OTEL_EXPORTER_PROMETHEUS_PORT: '9464x', HEAPRAY_DEBUG_TOKEN: 'short' };
      const service = startApp({ app: ['leaky-service.js'], env });
      await service.waitForLog(
        /error: HEAPRAY_DEBUG_TOKEN: '\(hidden\)' .*; the debug server is not started/,
      );
      await service.waitForLog(
        /error: OTEL_EXPORTER_PROMETHEUS_PORT: '9464x' is not allowed; use a port from 0 to 65535; there is no metrics endpoint/,
      );
      expect(listeningPorts(service.process.pid)).toEqual([]);
      expect(service.process.end).toBeUndefined();
    },
  );
});

describe('the debug server', () => {
  peerTest('stays on its port when the port is taken', 'project-bare', async () => {
    const taken = await takenPort();
    const env = { HEAPRAY_DEBUG_ADDR: `127.0.0.1:${taken}` };
    const service = startApp({ app: ['leaky-service.js'], env });
    await service.waitForLog(/error: debug server: cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/);
    await service.waitForMetrics('the drop', (page) => {
      return page.sum('heapray_profiler_drops_total', { heapray_reason: 'debug_server' }) === 1;
    });
    expect(listeningPorts(service.process.pid)).toEqual([portOf(await service.metricsUrl())]);
    expect(service.process.stderr.match(/warn|error/g)).toHaveLength(1);
  });

  peerTest('is off when disabled', 'project-bare', async () => {
    const service = startApp({ app: ['leaky-service.js'], env: { HEAPRAY_DEBUG_ADDR: 'off' } });
    const page = await service.waitForMetrics('the leak', (page) => {
      return page.sum('heapray_memory_retained', LEAK) > 0;
    });
    expect(page.sum('heapray_profiler_drops_total')).toBe(0);
    expect(listeningPorts(service.process.pid)).toEqual([portOf(await service.metricsUrl())]);
  });
});

peerTest('worker threads of the application start no profiler', 'project-bare', async () => {
  const service = startApp({ app: ['with-workers.js'] });
  await service.waitForLog(/(worker \d+: --import @heapray\/instrumentation\/register\s+){2}/);
  await service.metricsUrl();
  await service.debugUrl();
  expect(service.process.stderr.match(/^heapray: .*$/gm)).toHaveLength(2);
  expect(listeningPorts(service.process.pid)).toHaveLength(2);
  expect(await service.stop('SIGTERM')).toEqual({ status: null, signal: 'SIGTERM' });
});

peerTest('HEAPRAY_ENABLED=false disables heapray', 'project-bare', async () => {
  const env = { HEAPRAY_ENABLED: 'false', LEAK_MIB: '1' };
  const service = startApp({ app: ['leaky-service.js'], env });
  const enabled = startApp({ app: ['leaky-service.js'] });
  await service.waitForLog(/^leaked$/m);
  await enabled.metricsUrl();
  expect(listeningPorts(service.process.pid)).toEqual([]);
  expect(service.process.stderr).toBe('');
});

function startService(
  app: readonly string[],
  { own, heaprays }: { own: number; heaprays: number },
  options: Partial<AppOptions> = {},
): RunningApp {
  const env = {
    METRICS_PORT: `${own}`,
    OTEL_EXPORTER_PROMETHEUS_PORT: `${heaprays}`,
    OTEL_TRACES_EXPORTER: 'none',
  };
  return startApp({ app, env, ...options });
}

/** Expects that the service and its profiles work. */
async function expectGoesOn(service: RunningApp): Promise<void> {
  expect((await httpGet(`${await service.debugUrl()}/debug/pprof/heap`)).status).toBe(200);
  expect(service.process.end).toBeUndefined();
}

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => server.close());
  return (server.address() as { port: number }).port;
}
