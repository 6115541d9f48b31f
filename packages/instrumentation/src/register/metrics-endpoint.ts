import http from 'node:http';
import { createRequire } from 'node:module';
import net from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MeterProvider } from '@opentelemetry/api';
import type { Log } from '../diag.js';
import { markServed } from '../host/metric-producers.js';
import { TopSitesProducer } from '../host/top-sites-producer.js';

/** A Prometheus endpoint of heapray's own, for programs without an OpenTelemetry SDK. */
export interface MetricsEndpoint {
  readonly meterProvider: MeterProvider;
  close(): Promise<void>;
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 9464;

interface PrometheusModule {
  readonly PrometheusExporter: new (config: {
    preventServerStart: boolean;
    metricProducers: readonly unknown[];
  }) => { getMetricsRequestHandler(request: http.IncomingMessage, response: http.ServerResponse): void };
}
interface SdkMetricsModule {
  readonly MeterProvider: new (config: {
    readers: readonly unknown[];
  }) => MeterProvider & { shutdown(): Promise<void> };
}

/**
 * Opens the endpoint at `OTEL_EXPORTER_PROMETHEUS_HOST:PORT` (default 127.0.0.1:9464). A port that is taken
 * gives one warning and no endpoint: another one would be one that nobody scrapes.
 */
export async function openMetricsEndpoint(
  env: NodeJS.ProcessEnv,
  log: Log,
): Promise<MetricsEndpoint | undefined> {
  const host = env.OTEL_EXPORTER_PROMETHEUS_HOST || DEFAULT_HOST;
  const port = parsePort(env.OTEL_EXPORTER_PROMETHEUS_PORT);
  if (port === undefined) {
    log(
      'error',
      `OTEL_EXPORTER_PROMETHEUS_PORT: a port from 0 to 65535, not ${env.OTEL_EXPORTER_PROMETHEUS_PORT}`,
    );
    return undefined;
  }
  const modules = loadModules(log);
  if (!modules) return undefined;
  const exporter = new modules.prometheus.PrometheusExporter({
    preventServerStart: true,
    metricProducers: [new TopSitesProducer({ alwaysOther: true })],
  });
  const server = metricsServer((request, response) => exporter.getMetricsRequestHandler(request, response));
  try {
    await listen(server, port, host);
  } catch (error) {
    log(
      'warn',
      `metrics endpoint: cannot listen on ${host}:${port}, so there is none: ${(error as Error).message}`,
    );
    return undefined;
  }
  const meterProvider = new modules.sdk.MeterProvider({ readers: [exporter] });
  markServed(meterProvider);
  const address = server.address();
  const actual = address && typeof address === 'object' ? address.port : port;
  log('info', `metrics on http://${net.isIPv6(host) ? `[${host}]` : host}:${actual}/metrics`);
  return {
    meterProvider,
    async close() {
      server.close();
      server.closeAllConnections();
      await meterProvider.shutdown();
    },
  };
}

/**
 * The exporter's own server takes port 0 for its default port, and a scraper's idle connection to it keeps the
 * application alive.
 */
function metricsServer(sendMetrics: http.RequestListener): http.Server {
  const server = http.createServer((request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (path === '/metrics') sendMetrics(request, response);
    else response.writeHead(404).end();
  });
  server.on('connection', (socket: net.Socket) => socket.unref());
  return server;
}

function listen(server: http.Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      server.on('error', () => {});
      resolve();
    });
    server.unref();
  });
}

function parsePort(value: string | undefined): number | undefined {
  if (value === undefined || value.trim() === '') return DEFAULT_PORT;
  const port = /^\s*\d{1,5}\s*$/.test(value) ? Number(value) : Number.NaN;
  return port >= 0 && port <= 65535 ? port : undefined;
}

/**
 * Finds the exporter and the metrics SDK that it was made for: the copy that heapray depends on, or, where
 * that does not fit the application's OpenTelemetry API, the application's own.
 */
function loadModules(log: Log): { prometheus: PrometheusModule; sdk: SdkMetricsModule } | undefined {
  const roots = [import.meta.url, pathToFileURL(path.join(process.cwd(), 'package.json')).href];
  const problems: string[] = [];
  for (const root of roots) {
    try {
      const require = createRequire(root);
      const exporterPath = require.resolve('@opentelemetry/exporter-prometheus');
      const prometheus = require(exporterPath) as PrometheusModule;
      const sdk = createRequire(exporterPath)('@opentelemetry/sdk-metrics') as SdkMetricsModule;
      return { prometheus, sdk };
    } catch (error) {
      problems.push((error as Error).message.split('\n')[0] ?? '');
    }
  }
  log(
    'warn',
    `metrics endpoint: @opentelemetry/exporter-prometheus cannot be used, so there is none: ${problems.join('; ')}`,
  );
  return undefined;
}
