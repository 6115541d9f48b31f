import { createRequire } from 'node:module';
import net from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MeterProvider } from '@opentelemetry/api';
import { describeThrown } from '../../protocol/describe-thrown.js';
import type { Log } from '../../protocol/log.js';
import type { Served } from '../../protocol/messages.js';
import { process, SafeError, SafeNumber, SafePromise } from '../../protocol/primordials.js';
import { contain } from '../containment/contain.js';
import { markServed } from '../metrics/metric-producers.js';
import { PointsProducer } from '../metrics/points-producer.js';
import type { ServedPages } from '../profiler/served-pages.js';
import { isDenied } from '../start/permissions.js';
import type { PortProblem } from '../start/port-problems.js';
import { type ApplicationListens, conflict } from './application-listens.js';
import { detectResource, type Resource } from './own-resource.js';
import { promisesWork } from './promises-work.js';

/** A Prometheus endpoint of heapray's own, for programs without an OpenTelemetry SDK. */
export interface MetricsEndpoint {
  readonly meterProvider: MeterProvider;
  /** Closes the endpoint. Never rejects. */
  close(): Promise<void>;
}

/** Reason not to listen: without this permission Node would end the process. */
const NOT_ALLOWED = 'Node was started without --allow-net';
const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 9464;

interface PrometheusModule {
  readonly PrometheusExporter: new (config: {
    preventServerStart: boolean;
    metricProducers: readonly unknown[];
  }) => MetricReader;
  readonly PrometheusSerializer: new (prefix: string) => { serialize(metrics: unknown): string };
}
interface MetricReader {
  collect(): Promise<{ readonly resourceMetrics: unknown }>;
}
interface SdkMetricsModule {
  readonly MeterProvider: new (config: {
    readers: readonly unknown[];
    resource?: Resource;
  }) => MeterProvider & { shutdown(): Promise<void> };
}

interface Modules {
  readonly prometheus: PrometheusModule;
  readonly sdk: SdkMetricsModule;
  /** Path of the metrics SDK. */
  readonly sdkPath: string;
}

export interface MetricsEndpointDeps {
  readonly env: Readonly<Record<string, string>>;
  readonly log: Log;
  readonly listens: ApplicationListens;
  /** Serves the page. */
  readonly pages: Pick<ServedPages, 'serveMetrics' | 'closeMetrics' | 'yieldMetricsPort'>;
  /** True if another process with the same address may serve this one. */
  readonly isShared: boolean;
  /**
   * Called with the reason for having no endpoint; irrelevant if the application registers a MeterProvider.
   */
  readonly unavailable: (problem: string) => void;
  /** Called when no process serves the endpoint on its port; irrelevant in the same case. */
  readonly cannotListen: (problem: PortProblem) => void;
  /** Called when the endpoint is closed because the application asks for its port. */
  readonly gaveWay: (problem: string) => void;
}

/**
 * Opens the endpoint at `OTEL_EXPORTER_PROMETHEUS_HOST:PORT` (default 127.0.0.1:9464). If another process of the group has
 * the port, that serves this one too. If others have it, reports that and opens no endpoint, because no scraper would know
 * another port. Never rejects.
 */
export async function openMetricsEndpoint(deps: MetricsEndpointDeps): Promise<MetricsEndpoint | undefined> {
  const { env, log, listens, unavailable } = deps;
  try {
    const address = addressIn(env, log);
    if (address === undefined) return undefined;
    if (listens.hasAsked(address)) {
      unavailable(ownPort(address));
      return undefined;
    }
    if (isDenied('net')) {
      const where = hostPort(address.host, address.port);
      deps.cannotListen({ server: 'metrics endpoint', address: where, why: NOT_ALLOWED, isDenied: true });
      return undefined;
    }
    const modules = loadModules(log);
    return modules && (await open(modules, address, deps));
  } catch (thrown) {
    log('warn', `metrics endpoint: there is none: ${describeThrown(thrown)}`);
    return undefined;
  }
}

function ownPort({ host, port }: Address): string {
  const advice = 'register its MeterProvider globally, or set OTEL_EXPORTER_PROMETHEUS_PORT to another port';
  return `metrics endpoint: there is none: the application itself uses ${host}:${port}; ${advice}`;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Returns undefined, and logs why, for a port that is not valid: none but the one asked for may be opened. */
function addressIn(env: Readonly<Record<string, string>>, log: Log): Address | undefined {
  const host = env.OTEL_EXPORTER_PROMETHEUS_HOST || DEFAULT_HOST;
  const text = env.OTEL_EXPORTER_PROMETHEUS_PORT;
  const port = parsePort(text);
  if (port !== undefined) return { host, port };
  const what = `OTEL_EXPORTER_PROMETHEUS_PORT: '${text}' is not allowed; use a port from 0 to 65535`;
  log('error', `${what}; there is no metrics endpoint`);
  return undefined;
}

async function open(
  modules: Modules,
  address: Address,
  deps: MetricsEndpointDeps,
): Promise<MetricsEndpoint | undefined> {
  const { env, log, listens } = deps;
  const exporter = new modules.prometheus.PrometheusExporter({
    preventServerStart: true,
    metricProducers: [new PointsProducer({ alwaysOther: true })],
  });
  const serializer = new modules.prometheus.PrometheusSerializer('');
  const resource = detectResource(modules.sdkPath, env, (thrown) =>
    log('warn', `metrics endpoint: the resource is the SDK's default: ${describeThrown(thrown)}`),
  );
  const page = async () => {
    if (!promisesWork()) throw new SafeError('the application has changed promises, and they throw');
    // Wait for pending attributes, about which the serializer would log a message.
    if (resource?.asyncAttributesPending) await resource.waitForAsyncAttributes?.();
    return serializer.serialize((await exporter.collect()).resourceMetrics);
  };
  const unwatch = listens.onListen((asked) => {
    if (!conflict(asked, address)) return;
    unwatch();
    // Free the port now, before the application's server opens it.
    contain(() => deps.pages.yieldMetricsPort(), ignore);
    deps.gaveWay(ownPort(address));
  });
  const isServed = await served(page, address, deps);
  if (!isServed) {
    unwatch();
    deps.pages.closeMetrics();
    return undefined;
  }
  const meterProvider = new modules.sdk.MeterProvider({
    readers: [exporter],
    ...(resource && { resource }),
  });
  markServed(meterProvider);
  return {
    meterProvider,
    async close() {
      try {
        unwatch();
        deps.pages.closeMetrics();
        await meterProvider.shutdown();
      } catch {
        // Ignore: it is closed as far as possible.
      }
    },
  };
}

/**
 * Lets the profiler thread serve a page.
 *
 * @returns false when it cannot, and never will
 */
function served(
  page: () => Promise<string>,
  { host, port }: Address,
  deps: MetricsEndpointDeps,
): Promise<boolean> {
  const { pages, log, isShared, cannotListen } = deps;
  const address = hostPort(host, port);
  return new SafePromise((resolve) => {
    const changed = (by: Served) => {
      if (by.by === 'none')
        cannotListen({ server: 'metrics endpoint', address, why: by.why, isDenied: false });
      else if (by.by === 'self') log('info', `metrics on http://${by.address}/metrics`);
      else log('info', `metrics on http://${address}/metrics, served by process ${by.pid}`);
      // In a group, another process may serve this one later.
      resolve(by.by !== 'none' || isShared);
    };
    pages.serveMetrics({ address: { host, port }, page, changed });
  });
}

function hostPort(host: string, port: number): string {
  return net.isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function ignore(): void {}

function parsePort(value: string | undefined): number | undefined {
  if (value === undefined || value.trim() === '') return DEFAULT_PORT;
  const port = /^\s*\d{1,5}\s*$/.test(value) ? SafeNumber(value) : -1;
  return port >= 0 && port <= 65535 ? port : undefined;
}

/**
 * Loads the exporter and the metrics SDK that it was made for. Takes the copy that heapray depends on, or, if
 * that does not fit the application's OpenTelemetry API, the application's own.
 */
function loadModules(log: Log): Modules | undefined {
  const folder = contain(() => process.cwd(), ignore);
  const roots = [import.meta.url];
  if (folder !== undefined) roots.push(pathToFileURL(path.join(folder, 'package.json')).href);
  const problems: string[] = [];
  for (const root of roots) {
    try {
      const require = createRequire(root);
      const exporterPath = require.resolve('@opentelemetry/exporter-prometheus');
      const prometheus = require(exporterPath) as PrometheusModule;
      const requireOfExporter = createRequire(exporterPath);
      const sdkPath = requireOfExporter.resolve('@opentelemetry/sdk-metrics');
      const sdk = requireOfExporter(sdkPath) as SdkMetricsModule;
      return { prometheus, sdk, sdkPath };
    } catch (thrown) {
      problems.push(describeThrown(thrown));
    }
  }
  log(
    'warn',
    `metrics endpoint: @opentelemetry/exporter-prometheus cannot be used, so there is none: ${problems.join('; ')}`,
  );
  return undefined;
}

/**
 * Shows file tracers (Next.js, `@vercel/nft`) by a literal `import` that the package is needed. Never called.
 */
export async function importForTracers(): Promise<void> {
  try {
    await import('@opentelemetry/exporter-prometheus');
  } catch {
    // Ignore: a bundler may not find it.
  }
}
