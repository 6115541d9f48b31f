import { type MeterProvider, metrics } from '@opentelemetry/api';
import { ConfigError } from '../config/index.js';
import { writeStderrLine } from '../containment/stderr-line.js';
import type { Log } from '../diag.js';
import { HeaprayInstrumentation } from '../heapray-instrumentation.js';
import { type MetricsEndpoint, openMetricsEndpoint } from './metrics-endpoint.js';
import { stderrLog } from './stderr-log.js';

/** How long an application may take to register a MeterProvider before heapray opens an endpoint. */
const PROVIDER_WAIT_MILLIS = 1_000;
const PROVIDER_CHECK_MILLIS = 50;
const LATE_PROVIDER_CHECK_MILLIS = 1_000;

/**
 * Starts profiling with what the environment says. Metrics go to the application's own MeterProvider if it
 * registers one; if not, to a Prometheus endpoint of heapray's own, unless `OTEL_METRICS_EXPORTER` asks for
 * something else. The endpoint's provider is not registered globally, because an application that does so
 * later would be refused; it gives way then.
 */
export function registerZeroCode(): void {
  const log = stderrLog(process.env);
  const instrumentation = start(log);
  if (!instrumentation?.getConfig().enabled) return;
  new MetricsTarget(instrumentation, process.env, log).start();
}

function start(log: Log): HeaprayInstrumentation | undefined {
  try {
    return new HeaprayInstrumentation({ log, defaults: { debugServer: '127.0.0.1:6464' } });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    writeStderrLine(`heapray: ${error.message}`);
    process.exit(1);
  }
}

/** Decides where metrics go, now and when the application makes up its mind later. */
class MetricsTarget {
  readonly #instrumentation: HeaprayInstrumentation;
  readonly #env: NodeJS.ProcessEnv;
  readonly #log: Log;
  readonly #started = performance.now();
  readonly #noProvider = metrics.getMeterProvider();
  #endpoint: MetricsEndpoint | undefined;
  #decided = false;

  constructor(instrumentation: HeaprayInstrumentation, env: NodeJS.ProcessEnv, log: Log) {
    this.#instrumentation = instrumentation;
    this.#env = env;
    this.#log = log;
  }

  start(): void {
    this.#checkIn(PROVIDER_CHECK_MILLIS);
  }

  #checkIn(millis: number): void {
    setTimeout(() => this.#check(), millis).unref();
  }

  #check(): void {
    const provider = metrics.getMeterProvider();
    if (provider !== this.#noProvider) return this.#use(provider);
    const waited = performance.now() - this.#started;
    if (!this.#decided && waited >= PROVIDER_WAIT_MILLIS) {
      this.#decided = true;
      this.#open().catch((error: Error) => this.#log('warn', `metrics endpoint: ${error.message}`));
    }
    this.#checkIn(this.#decided ? LATE_PROVIDER_CHECK_MILLIS : PROVIDER_CHECK_MILLIS);
  }

  #use(provider: MeterProvider): void {
    this.#decided = true;
    this.#instrumentation.setMeterProvider(provider);
    this.#log('debug', "metrics go to the application's own MeterProvider");
    const endpoint = this.#endpoint;
    this.#endpoint = undefined;
    endpoint?.close().catch(() => {});
  }

  async #open(): Promise<void> {
    if (!wantsPrometheus(this.#env)) return;
    const endpoint = await openMetricsEndpoint(this.#env, this.#log);
    if (!endpoint) return;
    if (metrics.getMeterProvider() !== this.#noProvider) return endpoint.close();
    this.#endpoint = endpoint;
    this.#instrumentation.setMeterProvider(endpoint.meterProvider);
  }
}

/** Without a word from the environment, a program without an SDK is scraped. */
function wantsPrometheus(env: NodeJS.ProcessEnv): boolean {
  const exporters = env.OTEL_METRICS_EXPORTER;
  if (exporters === undefined || exporters.trim() === '') return true;
  return exporters.split(',').some((name) => name.trim() === 'prometheus');
}
