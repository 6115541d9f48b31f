import { type MeterProvider, metrics } from '@opentelemetry/api';
import { describeThrown } from '../containment/describe-thrown.js';
import { environment } from '../containment/environment.js';
import { now } from '../containment/primordials.js';
import { Timers } from '../containment/timers.js';
import type { Log } from '../diag.js';
import { HeaprayInstrumentation } from '../heapray-instrumentation.js';
import { type MetricsEndpoint, openMetricsEndpoint } from './metrics-endpoint.js';
import { stderrLog } from './stderr-log.js';

/** How long an application may take to register a MeterProvider before heapray opens an endpoint. */
const PROVIDER_WAIT_MILLIS = 1_000;
const PROVIDER_CHECK_MILLIS = 50;
const LATE_PROVIDER_CHECK_MILLIS = 1_000;

type Environment = Readonly<Record<string, string>>;

/**
 * Starts profiling with what the environment says. Metrics go to the application's own MeterProvider if it
 * registers one; if not, to a Prometheus endpoint of heapray's own, unless `OTEL_METRICS_EXPORTER` asks for
 * something else. The endpoint's provider is not registered globally, because an application that does so
 * later would be refused; it gives way then.
 */
export function registerZeroCode(): void {
  const env = environment();
  const log = stderrLog(env);
  const instrumentation = new HeaprayInstrumentation({ log, defaults: { debugServer: '127.0.0.1:6464' } });
  if (instrumentation.isProfiling) new MetricsTarget(instrumentation, env, log).start();
}

/** Decides where metrics go, now and when the application makes up its mind later. */
class MetricsTarget {
  readonly #instrumentation: HeaprayInstrumentation;
  readonly #env: Environment;
  readonly #log: Log;
  readonly #timers: Timers;
  readonly #started = now();
  readonly #noProvider = metrics.getMeterProvider();
  #endpoint: MetricsEndpoint | undefined;
  #decided = false;

  constructor(instrumentation: HeaprayInstrumentation, env: Environment, log: Log) {
    this.#instrumentation = instrumentation;
    this.#env = env;
    this.#log = log;
    this.#timers = new Timers((thrown) => log('error', `where metrics go: ${describeThrown(thrown)}`));
  }

  start(): void {
    this.#checkIn(PROVIDER_CHECK_MILLIS);
  }

  #checkIn(millis: number): void {
    this.#timers.after(millis, () => this.#check());
  }

  #check(): void {
    const provider = metrics.getMeterProvider();
    if (provider !== this.#noProvider) return this.#use(provider);
    const waited = now() - this.#started;
    if (!this.#decided && waited >= PROVIDER_WAIT_MILLIS) {
      this.#decided = true;
      void this.#open();
    }
    this.#checkIn(this.#decided ? LATE_PROVIDER_CHECK_MILLIS : PROVIDER_CHECK_MILLIS);
  }

  #use(provider: MeterProvider): void {
    this.#decided = true;
    this.#instrumentation.setMeterProvider(provider);
    this.#log('debug', "metrics go to the application's own MeterProvider");
    const endpoint = this.#endpoint;
    this.#endpoint = undefined;
    void endpoint?.close();
  }

  /** Never rejects. */
  async #open(): Promise<void> {
    try {
      // By now it is known whether the profiler thread could be started.
      if (!this.#instrumentation.isProfiling || !wantsPrometheus(this.#env)) return;
      const endpoint = await openMetricsEndpoint(this.#env, this.#log);
      if (!endpoint) return;
      if (metrics.getMeterProvider() !== this.#noProvider) return await endpoint.close();
      this.#endpoint = endpoint;
      this.#instrumentation.setMeterProvider(endpoint.meterProvider);
    } catch (thrown) {
      this.#log('warn', `metrics endpoint: ${describeThrown(thrown)}`);
    }
  }
}

/** Without a word from the environment, a program without an SDK is scraped. */
function wantsPrometheus(env: Environment): boolean {
  const exporters = env.OTEL_METRICS_EXPORTER;
  if (exporters === undefined || exporters.trim() === '') return true;
  return exporters.split(',').some((name) => name.trim() === 'prometheus');
}
