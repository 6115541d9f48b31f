// A preloaded heapray sends its metrics to the application's MeterProvider, whichever is loaded first and however late.
import { describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { httpGet } from '../support/http-get.js';
import { describeWithPeer, peerTest } from '../support/peer-test.js';
import { portOf, type ServedPage, waitForLeak, waitForLeakPage, waitForPorts } from './support/leak-page.js';
import { listeningPorts } from './support/listening-ports.js';
import { type AppOptions, startApp } from './support/profiled-app.js';

const HEAPRAY = ['--import', '@heapray/instrumentation/register'];
const OTEL = '@opentelemetry/auto-instrumentations-node/register';
/** Every order of two preloads; Node runs those of --require first. */
const PRELOADS: Readonly<Record<string, readonly string[]>> = {
  'required before heapray': ['--require', OTEL, ...HEAPRAY],
  'imported before heapray': ['--import', OTEL, ...HEAPRAY],
  'imported after heapray': [...HEAPRAY, '--import', OTEL],
};

describeWithPeer('auto-instrumentations', 'project-auto-instrumentations', () => {
  test.each(Object.keys(PRELOADS))('%s: their endpoint has the metrics', async (order) => {
    const port = await freePort();
    const service = startApp({
      app: ['leaky-service.js'],
      project: 'auto-instrumentations',
      register: false,
      nodeArgs: PRELOADS[order] ?? [],
      env: {
        ORDER_MILLIS: '50',
        OTEL_EXPORTER_PROMETHEUS_PORT: `${port}`,
        OTEL_METRICS_EXPORTER: 'prometheus',
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
        OTEL_NODE_RESOURCE_DETECTORS: 'env',
      },
    });
    const debugPort = portOf(await service.debugUrl());
    // At 5 MiB/s, this is seconds after heapray would have opened an endpoint of its own.
    const isOld = ({ page }: ServedPage) => page.sum('heapray_memory_retained') > 20 * 2 ** 20;
    await waitForLeakPage(port, isOld);
    await waitForPorts(service, [port, debugPort]);
    expect(service.process.stderr).not.toMatch(/metrics|warn|error/);
  });
});

describe.each(['sdk-2', 'sdk-3'] as const)('an application with %s', (project) => {
  peerTest('gets the port for an exporter that it opens later', `project-${project}`, async () => {
    const { service, port, debugPort } = await startOn({
      app: ['own-provider.cjs', 'late-exporter'],
      project,
    });
    expect(await service.metricsUrl()).toBe(`http://127.0.0.1:${port}/metrics`);
    await waitForLeak(port);
    process.kill(service.process.pid, 'SIGUSR2');
    await service.waitForLog(/exporter listens/);
    await waitForLeak(port);
    await waitForPorts(service, [port, debugPort]);
    expect(service.process.stdout).not.toContain('cannot');
    expect(service.process.stderr).not.toMatch(/warn|error/);
  });
});

peerTest(
  'an application that has the port and registers its provider later causes no message',
  'project-bare',
  async () => {
    const { service, port, debugPort } = await startOn({ app: ['own-provider.cjs', 'late', 'localhost'] });
    await service.waitForLog(/exporter listens/);
    // heapray would have opened its own endpoint by that time, and logs after 5 s that it has none.
    await service.waitForLog(/1\.5 s later/);
    process.kill(service.process.pid, 'SIGUSR2');
    await waitForLeak(port);
    expect(listeningPorts(service.process.pid)).toEqual([port, debugPort].sort((a, b) => a - b));
    expect(service.process.stderr).not.toMatch(/metrics|warn|error/);
  },
);

peerTest(
  'any server of the application gets the port, and heapray logs that it has no endpoint',
  'project-bare',
  async () => {
    const { service, port } = await startOn({ app: ['own-provider.cjs', 'late-server', '0.0.0.0'] });
    await waitForLeak(port);
    process.kill(service.process.pid, 'SIGUSR2');
    await service.waitForLog(/server listens/);
    expect((await httpGet(`http://127.0.0.1:${port}/metrics`)).body).toBe('orders');
    await service.waitForLog(
      /warn: metrics endpoint: there is none: the application itself uses 127\.0\.0\.1:\d+; /,
    );
  },
);

peerTest(
  "a provider without a reader does not count: heapray's endpoint has the metrics",
  'project-bare',
  async () => {
    const { port } = await startOn({ app: ['own-provider.cjs', 'no-reader'] });
    await waitForLeak(port);
  },
);

peerTest('a server of the application gets the port of the debug server', 'project-bare', async () => {
  const taken = await freePort();
  const env = { HEAPRAY_DEBUG_ADDR: `127.0.0.1:${taken}`, METRICS_PORT: `${taken}` };
  const { service, port } = await startOn({ app: ['own-provider.cjs', 'late-server', 'localhost'], env });
  await waitForLeak(port);
  process.kill(service.process.pid, 'SIGUSR2');
  await service.waitForLog(/server listens/);
  expect((await httpGet(`http://localhost:${taken}/debug/pprof/heap`)).body).toBe('orders');
  await service.waitForLog(
    /warn: debug server: closed, because the application itself uses 127\.0\.0\.1:\d+; /,
  );
  expect(service.process.stdout).not.toContain('cannot');
  await waitForPorts(service, [port, taken]);
});

peerTest(
  'an instance of the application logs which of its options are not in effect',
  'project-bare',
  async () => {
    const { service, port } = await startOn({ app: ['second-instance.cjs'] });
    await service.waitForLog(
      /heapray: warn: another instance has started profiling before; options that are not in force: component orders \(in force: second-instance\), debugAddress 127\.0\.0\.1:7777 \(in force: 127\.0\.0\.1:0\)\n/,
    );
    await waitForLeak(port);
  },
);

peerTest('a provider that replaces another gets the metrics', 'project-bare', async () => {
  const second = await freePort();
  const env = { SECOND_PORT: `${second}` };
  const { service, port, debugPort } = await startOn({ app: ['own-provider.cjs', 'replaced'], env });
  await waitForLeak(port);
  process.kill(service.process.pid, 'SIGUSR2');
  await waitForLeak(second);
  await waitForPorts(service, [port, second, debugPort]);
});

describe('the resource of the endpoint', () => {
  peerTest('has the attributes of the environment', 'project-bare', async () => {
    const env = {
      OTEL_SERVICE_NAME: 'shop',
      OTEL_RESOURCE_ATTRIBUTES:
        'service.name=other,deployment.environment.name=a%20test,service.version=1.2.3',
      OTEL_NODE_RESOURCE_DETECTORS: 'none',
    };
    const { port } = await startOn({ app: ['leaky-service.js'], env });
    const { page } = await waitForLeakPage(port);
    expect(page.find('target_info')).toHaveLength(1);
    expect(page.find('target_info')[0]?.labels).toEqual({
      service_name: 'shop',
      service_version: '1.2.3',
      deployment_environment_name: 'a test',
      telemetry_sdk_language: 'nodejs',
      telemetry_sdk_name: 'opentelemetry',
      telemetry_sdk_version: expect.any(String),
    });
  });

  peerTest('is detected in the same way as by the SDK', 'project-bare', async () => {
    const { service, port } = await startOn({ app: ['leaky-service.js'] });
    const { page } = await waitForLeakPage(port);
    expect(page.find('target_info')[0]?.labels).toMatchObject({
      service_name: expect.stringMatching(/^unknown_service:.*node$/),
      process_pid: `${service.process.pid}`,
      host_name: expect.any(String),
      service_instance_id: expect.any(String),
    });
    expect(service.process.stderr).not.toMatch(/warn|error/);
  });
});

/** Starts an app whose endpoint and heapray's have the same port. */
async function startOn(options: AppOptions) {
  const port = await freePort();
  const env = { METRICS_PORT: `${port}`, OTEL_EXPORTER_PROMETHEUS_PORT: `${port}`, ...options.env };
  const service = startApp({ ...options, env });
  return { service, port, debugPort: portOf(await service.debugUrl()) };
}
