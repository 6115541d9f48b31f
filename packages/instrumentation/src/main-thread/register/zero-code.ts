import type { MeterProvider } from '@opentelemetry/api';
import { describeThrown } from '../../protocol/describe-thrown.js';
import type { Log } from '../../protocol/log.js';
import { now } from '../../protocol/primordials.js';
import { registeredMeterProvider } from '../containment/otel-globals.js';
import { Timers } from '../containment/timers.js';
import { HeaprayInstrumentation } from '../heapray-instrumentation.js';
import { hasNoReader } from '../metrics/sdk-readers.js';
import { currentProfiler } from '../profiler/shared-profiler.js';
import { programEnvironment } from '../start/pm2.js';
import type { PortProblem } from '../start/port-problems.js';
import { leavesPortsToParent, markForChildren, PARENT_FIRST_MILLIS } from '../start/profiled-parent.js';
import { ApplicationListens } from './application-listens.js';
import { guardDebugServer } from './debug-server-guard.js';
import { type MetricsEndpoint, openMetricsEndpoint } from './metrics-endpoint.js';
import { PortReport } from './port-report.js';
import { stderrLog } from './stderr-log.js';

/** Time for the application to register a MeterProvider before heapray opens an endpoint, in ms. */
const PROVIDER_WAIT_MILLIS = 1_000;
/** Delay before heapray logs why it has no endpoint, in ms. It needs none with a MeterProvider. */
const PROBLEM_WAIT_MILLIS = 5_000;
/** Longest wait for the outcome of the debug server, in ms, so that one line reports both. */
const DEBUG_WAIT_MILLIS = 30_000;
const PROVIDER_CHECK_MILLIS = 50;
const LATE_PROVIDER_CHECK_MILLIS = 1_000;

type Environment = Readonly<Record<string, string>>;

/**
 * Starts profiling with the settings in the environment. Metrics go to the application's own MeterProvider if
 * it has registered one or does so later. Otherwise they go to a Prometheus endpoint of heapray's own, unless
 * `OTEL_METRICS_EXPORTER` selects something else or `OTEL_SDK_DISABLED` is set. The endpoint's provider is
 * not registered globally, because then the application could not register its own. The endpoint closes when
 * the application registers a MeterProvider, or when one of its servers asks for the port.
 */
export function registerZeroCode(): void {
  const env = programEnvironment();
  const isChild = leavesPortsToParent(env);
  const log = stderrLog(isChild ? { OTEL_LOG_LEVEL: 'WARN', ...env } : env);
  const instrumentation = new HeaprayInstrumentation({ log, defaults: { debugAddress: '127.0.0.1:6464' } });
  if (!instrumentation.isProfiling) return;
  markForChildren();
  const profiler = currentProfiler();
  const component = () => profiler?.config.options.component ?? '';
  const ports = new PortReport({ log, component, isChild });
  if (profiler) profiler.onPortProblem = (problem) => ports.add(problem);
  new MetricsTarget(instrumentation, { env, log, ports, isChild }).start();
}

interface MetricsTargetDeps {
  readonly env: Environment;
  readonly log: Log;
  readonly ports: PortReport;
  /** True if this process leaves the ports to its parent process. */
  readonly isChild: boolean;
}

/** Decides where metrics go, at first and when the application registers a provider later. */
class MetricsTarget {
  readonly #instrumentation: HeaprayInstrumentation;
  readonly #env: Environment;
  readonly #log: Log;
  readonly #timers: Timers;
  readonly #listens: ApplicationListens;
  readonly #started = now();
  readonly #providerWaitMillis: number;
  /** The application's provider. */
  #provider: MeterProvider | undefined;
  #endpoint: MetricsEndpoint | undefined;
  #decided = false;
  readonly #ports: PortReport;
  /** Reason for having no endpoint, and since when; undefined when it was reported. */
  #problem: { readonly tell: () => void; readonly since: number } | undefined;

  constructor(instrumentation: HeaprayInstrumentation, { env, log, ports, isChild }: MetricsTargetDeps) {
    this.#instrumentation = instrumentation;
    this.#env = env;
    this.#log = log;
    this.#ports = ports;
    this.#providerWaitMillis = PROVIDER_WAIT_MILLIS + (isChild ? PARENT_FIRST_MILLIS : 0);
    const onThrown = (thrown: unknown) => log('error', `where metrics go: ${describeThrown(thrown)}`);
    this.#timers = new Timers(onThrown);
    this.#listens = new ApplicationListens(onThrown);
    guardDebugServer(this.#listens, log);
  }

  start(): void {
    this.#check();
  }

  #check(): void {
    const provider = usableProvider();
    if (provider && provider !== this.#provider) this.#use(provider);
    // True if another instance, with a MeterProvider that need not be registered, carries the metrics.
    const isCarriedElsewhere = !this.#instrumentation.carriesMetrics;
    if (isCarriedElsewhere) {
      this.#closeEndpoint();
      this.#ports.tell();
    }
    if (!this.#decided && !isCarriedElsewhere && now() - this.#started >= this.#providerWaitMillis) {
      this.#decided = true;
      void this.#open();
    }
    this.#tellProblem();
    const isWaiting = !this.#decided || this.#problem !== undefined;
    this.#timers.after(isWaiting ? PROVIDER_CHECK_MILLIS : LATE_PROVIDER_CHECK_MILLIS, () => this.#check());
  }

  /** Uses the application's provider, also if it replaces an earlier one. */
  #use(provider: MeterProvider): void {
    this.#decided = true;
    this.#problem = undefined;
    this.#provider = provider;
    this.#instrumentation.setMeterProvider(provider);
    this.#log('debug', "metrics go to the application's own MeterProvider");
    this.#closeEndpoint();
    this.#ports.tell();
  }

  #closeEndpoint(): void {
    const endpoint = this.#endpoint;
    this.#endpoint = undefined;
    void endpoint?.close();
  }

  /** Opens the endpoint. Never rejects. */
  async #open(): Promise<void> {
    try {
      // Check now: by this time it is known if the profiler thread could be started.
      if (!this.#instrumentation.isProfiling || !wantsPrometheus(this.#env)) return;
      const unavailable = (text: string) => {
        if (!this.#provider) this.#problem = { tell: () => this.#log('warn', text), since: this.#started };
      };
      const cannotListen = (problem: PortProblem) => {
        if (!this.#provider) this.#problem = { tell: () => this.#ports.add(problem), since: this.#started };
      };
      const profiler = currentProfiler();
      if (!profiler) return;
      const endpoint = await openMetricsEndpoint({
        env: this.#env,
        log: this.#log,
        listens: this.#listens,
        pages: profiler.pages,
        isShared: profiler.config.options.group,
        unavailable,
        cannotListen,
        gaveWay: (text) => this.#giveWay(text),
      });
      if (!endpoint) return;
      if (this.#provider || usableProvider()) return await endpoint.close();
      this.#endpoint = endpoint;
      this.#instrumentation.setMeterProvider(endpoint.meterProvider);
    } catch (thrown) {
      this.#log('warn', `metrics endpoint: ${describeThrown(thrown)}`);
    } finally {
      if (!this.#problem) this.#ports.tell();
    }
  }

  #giveWay(problem: string): void {
    this.#log('info', 'metrics endpoint: closed, because the application asks for its port');
    if (!this.#provider) this.#problem = { tell: () => this.#log('warn', problem), since: now() };
  }

  #tellProblem(): void {
    if (!this.#problem) return;
    const isSettled = currentProfiler()?.pages.isDebugSettled !== false;
    const wait = isSettled ? PROBLEM_WAIT_MILLIS : DEBUG_WAIT_MILLIS;
    if (now() - this.#problem.since < wait) return;
    this.#problem.tell();
    this.#problem = undefined;
    this.#ports.tell();
  }
}

/** Returns the provider that the application has registered, if it has a reader. */
function usableProvider(): MeterProvider | undefined {
  const provider = registeredMeterProvider();
  return provider && !hasNoReader(provider) ? provider : undefined;
}

/** Returns true if the environment asks for Prometheus, or for no exporter at all. */
function wantsPrometheus(env: Environment): boolean {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return false;
  const exporters = env.OTEL_METRICS_EXPORTER;
  if (exporters === undefined || exporters.trim() === '') return true;
  return exporters.split(',').some((name) => name.trim() === 'prometheus');
}
