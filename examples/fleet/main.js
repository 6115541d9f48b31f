// Runs the fleet until Ctrl-C: three services, their load, an OpenTelemetry Collector, and Prometheus.
//
//   node main.js [--free-ports]     PROMETHEUS, COLLECTOR: paths of the programs; without a path, that one does not run
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Child } from './child.js';
import { answers, freePort } from './net.js';

const SERVICES = ['accounts', 'images', 'search'];
/** First ports of the services, and that of Prometheus; prometheus.yml has those of the metrics. */
const PORTS = { http: 8471, metrics: 9471, debug: 6471 };
const PROMETHEUS_PORT = 9470;
/** Where services push metrics and profiles to the Collector, and where Prometheus scrapes the metrics. */
const COLLECTOR_PORTS = { otlp: 9478, metrics: 9479 };
/** Heap limit of a service, as a container would have. The leak fills it in some 15 minutes. */
const HEAP_MEGABYTES = 256;

const here = (file) => path.join(import.meta.dirname, file);
const { values: options } = parseArgs({ options: { 'free-ports': { type: 'boolean' } } });
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stopping.abort());

const folder = await mkdtemp(path.join(os.tmpdir(), 'heapray-fleet-'));
const children = [];
try {
  const services = await Promise.all(SERVICES.map(planService));
  const collector = process.env.COLLECTOR && (await startCollector(process.env.COLLECTOR));
  for (const { name, port, metrics, debug } of services) {
    start(name, process.execPath, serviceArgs(name), {
      PORT: `${port}`,
      OTEL_SERVICE_NAME: name,
      OTEL_METRICS_EXPORTER: collector ? 'prometheus,otlp' : 'prometheus',
      ...(collector && {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.otlp}`,
        OTEL_METRIC_EXPORT_INTERVAL: '5000',
        OTEL_METRIC_EXPORT_TIMEOUT: '4000',
        HEAPRAY_PROFILES_EXPORTER: 'otlp',
        HEAPRAY_PROFILES_INTERVAL: process.env.HEAPRAY_PROFILES_INTERVAL ?? '60',
      }),
      OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
      OTEL_EXPORTER_PROMETHEUS_PORT: `${metrics}`,
      HEAPRAY_DEBUG_ADDR: `127.0.0.1:${debug}`,
      // Windows of 5 s instead of 20, so that the leak is found after some two minutes.
      HEAPRAY_LEAK_WINDOW: process.env.HEAPRAY_LEAK_WINDOW ?? '5',
    });
  }
  const urls = services.map(({ port }) => `http://127.0.0.1:${port}`);
  start('load', process.execPath, [here('load.js'), ...urls]);
  const prometheus =
    process.env.PROMETHEUS && (await startPrometheus(process.env.PROMETHEUS, services, collector));
  for (const { debug } of services) await up(`http://127.0.0.1:${debug}/healthz`);
  if (prometheus) await up(`${prometheus}/-/ready`);
  for (const child of children) child.keepUp();
  process.stdout.write(summary(services, prometheus, collector));
  await stopped();
} catch (error) {
  if (!stopping.signal.aborted) {
    process.stderr.write(`fleet: ${error.message}\n`);
    process.exitCode = 1;
  }
} finally {
  stopping.abort();
  await Promise.all(children.map((child) => child.stop()));
  await rm(folder, { recursive: true, force: true });
}

/** Waits until a page is there; rejects when a program of the fleet fails before. */
function up(url) {
  return Promise.race([answers(url, stopping.signal), ...children.map((child) => child.failure)]);
}

function stopped() {
  const { signal } = stopping;
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', resolve, { once: true });
  });
}

function start(name, command, args, env = {}) {
  children.push(
    new Child(name, command, args, { cwd: import.meta.dirname, env: { ...process.env, ...env } }),
  );
}

/** Returns the ports of a service. */
async function planService(name, index) {
  const portOf = async (first) => (options['free-ports'] ? freePort() : first + index);
  const [port, metrics, debug] = await Promise.all(Object.values(PORTS).map(portOf));
  return { name, port, metrics, debug };
}

function serviceArgs(name) {
  return [`--max-old-space-size=${HEAP_MEGABYTES}`, '--import', './telemetry.js', `services/${name}/main.js`];
}

/** Starts the Collector with the configuration that it has in containers, and returns its ports. */
async function startCollector(program) {
  const portOf = async (usual) => (options['free-ports'] ? freePort() : usual);
  const [otlp, metrics] = await Promise.all(Object.values(COLLECTOR_PORTS).map(portOf));
  const config = await readFile(here('compose/collector.yaml'), 'utf8');
  const file = path.join(folder, 'collector.yaml');
  await writeFile(
    file,
    config.replace('0.0.0.0:4318', `127.0.0.1:${otlp}`).replace('0.0.0.0:8889', `127.0.0.1:${metrics}`),
  );
  start('collector', program, [`--config=${file}`, '--feature-gates=service.profilesSupport']);
  return { otlp, metrics };
}

/** Starts Prometheus with the targets of prometheus.yml, and returns its address. */
async function startPrometheus(program, services, collector) {
  const port = options['free-ports'] ? await freePort() : PROMETHEUS_PORT;
  let config = await readFile(here('prometheus.yml'), 'utf8');
  config = config.replace('../../dashboards', here('../../dashboards'));
  for (const [index, { metrics }] of services.entries()) {
    config = config.replaceAll(`127.0.0.1:${PORTS.metrics + index}`, `127.0.0.1:${metrics}`);
  }
  // Without a Collector, Prometheus shows its target as down.
  if (collector) {
    config = config.replace(`127.0.0.1:${COLLECTOR_PORTS.metrics}`, `127.0.0.1:${collector.metrics}`);
  }
  const file = path.join(folder, 'prometheus.yml');
  await writeFile(file, config);
  const address = `127.0.0.1:${port}`;
  start('prometheus', program, [
    `--config.file=${file}`,
    `--storage.tsdb.path=${path.join(folder, 'data')}`,
    `--web.listen-address=${address}`,
    '--log.level=warn',
  ]);
  return `http://${address}`;
}

function summary(services, prometheus, collector) {
  const rows = services.map(({ name, debug, metrics }) => {
    return `  ${name.padEnd(10)} http://127.0.0.1:${debug}/debug/ui   http://127.0.0.1:${metrics}/metrics`;
  });
  const queries = [
    'topk(5, heapray_memory_growth)',
    'sum by (job, heapray_memory_kind) (heapray_memory_resident)',
    'sum by (job, heapray_package_name) (heapray_memory_retained)',
    ...(collector ? ['topk(5, heapray_memory_growth_bytes_per_second)'] : []),
  ];
  const pushed = collector
    ? [`  ${'collector'.padEnd(10)} http://127.0.0.1:${collector.metrics}/metrics`]
    : ['', 'COLLECTOR is not set: no Collector runs.'];
  const about = prometheus
    ? [
        `  ${'prometheus'.padEnd(10)} ${prometheus}/`,
        '',
        'Ask Prometheus:',
        ...queries.map((query) => `  ${query}`),
      ]
    : ['', 'PROMETHEUS is not set: no Prometheus runs.'];
  return [
    'The fleet is up: page and metrics of each service',
    ...rows,
    ...pushed,
    ...about,
    '',
    'Ctrl-C ends it.',
    '',
  ].join('\n');
}
