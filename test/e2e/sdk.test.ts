// heapray in the application's own OpenTelemetry SDK, in both major versions, scraped by a real Prometheus.
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { httpGet } from '../support/http-get.js';
import { describeWithPeer, peerTest } from '../support/peer-test.js';
import { type NodeLine, promtool } from '../support/peers.js';
import { type ProjectName, project } from '../support/projects.js';
import { runCommand } from '../support/run-command.js';
import { type PrometheusServer, startPrometheus } from '../support/start-prometheus.js';
import { tempFolder } from '../support/temp-folder.js';
import { type RunningApp, startApp } from './support/profiled-app.js';
import { samplingMargin } from './support/sampling-margin.js';

interface Service {
  project: ProjectName;
  line: NodeLine;
  setup: 'node-sdk' | 'register-instrumentations';
}

/** Each way with each SDK, on the oldest, the newest and the default Node. */
const SERVICES: readonly Service[] = [
  { project: 'sdk-2', line: '22.15', setup: 'node-sdk' },
  { project: 'sdk-2', line: '24', setup: 'register-instrumentations' },
  { project: 'sdk-3', line: '26', setup: 'node-sdk' },
  { project: 'sdk-3', line: '24', setup: 'register-instrumentations' },
];
const SDKS = ['sdk-2', 'sdk-3'] as const;
const LEAK_MIB = 16;
const INTERVAL = 16_384;
const LEAK = 'code_function_name="rememberOrder",heapray_package_name="order-cache"';
const TSC = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));

describeWithPeer(
  'Prometheus',
  ['prometheus', 'promtool', 'project-sdk-2', 'project-sdk-3', 'node-22.15', 'node-26'],
  () => {
    const running: { service: Service; app: RunningApp; address: string }[] = [];
    let prometheus: PrometheusServer;

    beforeAll(async () => {
      for (const service of SERVICES) running.push(await start(service));
      for (const { app } of running) await app.waitForLog(/^leaked$/m);
      prometheus = await startPrometheus({ targets: running.map(({ address }) => address) });
    });

    test('scrapes every service', async () => {
      await prometheus.waitForGoodScrapes();
    });

    describe.each(SERVICES.map((service, index) => ({ ...service, index })))(
      '$project on Node $line by $setup',
      ({ index }) => {
        test('the leak is in use, within five standard errors of sampling', async () => {
          const truth = LEAK_MIB * 2 ** 20;
          const margin = samplingMargin(INTERVAL, truth);
          const own = `heapray_memory_retained{instance="${running[index]?.address}",${LEAK}}`;
          const [series] = await prometheus.waitForSeries(`sum(${own}) > ${truth - margin}`);
          expect(series?.value).toBeLessThan(truth + margin);
        });

        test('allocation is counted', async () => {
          const own = `heapray_memory_allocated_total{instance="${running[index]?.address}"}`;
          await prometheus.waitForSeries(`sum(${own}) > ${LEAK_MIB * 2 ** 20}`);
        });

        test('promtool reports no problems', async () => {
          const { body } = await httpGet(`http://${running[index]?.address}/metrics`);
          expect(body).toContain('heapray_memory_allocated_total{');
          const check = await runCommand(promtool(), ['check', 'metrics'], { input: body });
          expect(check).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
        });
      },
    );

    describe('after the last scrape', () => {
      // The exporter's server closes after its connections, and a pending scrape would keep its connection open for further ones.
      beforeAll(() => prometheus.stop());

      test.each(SERVICES.map((service, index) => ({ ...service, index })))(
        '$project on Node $line by $setup ends as its SDK is shut down, and printed nothing',
        async ({ index }) => {
          const app = running[index]?.app;
          expect(await app?.stop('SIGTERM')).toEqual({ status: 0, signal: null });
          expect(app?.process).toMatchObject({ stdout: 'ready\nleaked\n', stderr: '' });
        },
      );
    });
  },
);

for (const name of SDKS) {
  peerTest(`types fit those of ${name}`, `project-${name}`, async () => {
    const folder = tempFolder();
    symlinkSync(path.join(project(name), 'node_modules'), path.join(folder, 'node_modules'));
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(path.join(folder, 'setup.ts'), SETUP);
    const flags = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--module',
      'nodenext',
      '--types',
      'node',
    ];
    const { status, stdout } = await runCommand(process.execPath, [TSC, ...flags, 'setup.ts'], {
      cwd: folder,
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });
}

const SETUP = `
import { HeaprayInstrumentation, heaprayMetricProducer } from '@heapray/instrumentation';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { type Instrumentation, registerInstrumentations } from '@opentelemetry/instrumentation';
import { MeterProvider, type MetricProducer } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';

const sdk: NodeSDK = new NodeSDK({ instrumentations: [new HeaprayInstrumentation()] });
sdk.start();
const heapray: Instrumentation = new HeaprayInstrumentation({ samplingInterval: 65536 });
const stop: () => void = registerInstrumentations({
  meterProvider: new MeterProvider(),
  instrumentations: [heapray, new HeaprayInstrumentation({ traceComponents: ['scheduler'] })],
});
stop();
const producer: MetricProducer = heaprayMetricProducer({ maxCallSites: 20, groupBy: 'package' });
new PrometheusExporter({ preventServerStart: true, metricProducers: [producer, heaprayMetricProducer()] });
// @ts-expect-error a string is not a number
new HeaprayInstrumentation({ samplingInterval: '65536' });
`;

async function start(service: Service) {
  const port = await freePort();
  const env = {
    METRICS_PORT: `${port}`,
    HEAPRAY_SAMPLING_INTERVAL: `${INTERVAL}`,
    LEAK_MIB: `${LEAK_MIB}`,
    // Without it, the trace SDK complains on stderr.
    OTEL_TRACES_EXPORTER: 'none',
  };
  const { project, line, setup } = service;
  const app = startApp({ app: ['sdk-service.js', setup], project, line, register: false, env });
  return { service, app, address: `127.0.0.1:${port}` };
}
