import { type MeterProvider, metrics, type TracerProvider } from '@opentelemetry/api';
import { ConfigError, type HeaprayOptions, nodeConfigInput, resolveConfig } from './config/index.js';
import { contain, containAsync } from './containment/contain.js';
import { describeThrown } from './containment/describe-thrown.js';
import { environment } from './containment/environment.js';
import { process, SafeMap, SafeSet } from './containment/primordials.js';
import { safeLog } from './containment/safe-log.js';
import { type Log, logToDiag } from './diag.js';
import type { LeakListener } from './host/leak-listeners.js';
import { MemoryProfiler } from './host/memory-profiler.js';
import { hasMetricProducer, isServed } from './host/metric-producers.js';
import { nodeProblem } from './host/node-support.js';
import { registeredMeterProvider } from './host/otel-globals.js';
import { claimProfiler, type ProfilerClaim } from './host/profiler-claim.js';
import { SdkReaders } from './host/sdk-readers.js';
import { TopSitesProducer } from './host/top-sites-producer.js';
import type { ConfigFor } from './host/traced-components.js';
import { HeapMetrics } from './signal/heap-metrics.js';
import { INSTRUMENTATION_NAME, VERSION } from './version.js';

/** Options for {@link HeaprayInstrumentation}; see `docs/configuration.md`. All can also come from the environment. */
export interface HeaprayInstrumentationConfig extends HeaprayOptions {
  /** Where messages go besides OpenTelemetry's diagnostics; used by `register`. */
  readonly log?: Log | undefined;
  /** Called once for each call site that begins to look like a leak, and again after an hour at the earliest. */
  readonly onLeakSuspect?: LeakListener | undefined;
  /** Replaces built-in defaults; everything else goes before it. */
  readonly defaults?: HeaprayOptions | undefined;
}

/**
 * Continuous memory profiling as an OpenTelemetry instrumentation.
 *
 * Structurally an `Instrumentation` of OpenTelemetry JS 1.x to 3.x and dependent on the API only: it patches
 * no modules, so it needs nothing of the instrumentation base class. Profiling starts with the constructor;
 * metrics appear as soon as a meter provider is set.
 *
 * One profiler runs per process. A second instance shares it; the newest one that is enabled carries the metrics.
 */
export class HeaprayInstrumentation {
  readonly instrumentationName: string = INSTRUMENTATION_NAME;
  readonly instrumentationVersion: string = VERSION;
  readonly #log: Log;
  #config: HeaprayInstrumentationConfig & { enabled: boolean };
  #configFor: ConfigFor;
  #profiler: MemoryProfiler | undefined;
  #claim: ProfilerClaim | undefined;
  #meterProvider: MeterProvider | undefined;
  #metrics: HeapMetrics | undefined;
  #attachedTo: MeterProvider | undefined;
  #readers: SdkReaders | undefined;
  #stopListening: (() => void) | undefined;
  #unusable: boolean;
  /** Whether the environment or the file has switched it off, and code has said nothing. */
  #switchedOff: boolean;

  /**
   * Reads the configuration and starts profiling, unless it is disabled.
   *
   * @throws ConfigError when an option has a wrong value: its name, the value and what is allowed
   */
  constructor(config: HeaprayInstrumentationConfig = {}) {
    checkFunctions(config);
    this.#log = config.log ? safeLog(config.log) : logToDiag;
    this.#configFor = this.#configuration(config);
    const problem = nodeProblem(process.versions.node);
    this.#unusable = problem !== undefined;
    if (problem) this.#log('error', problem);
    const { enabled } = this.#configFor([]).options;
    this.#switchedOff = !enabled && config.enabled === undefined;
    this.#config = { ...config, enabled };
    if (enabled) this.enable();
  }

  /**
   * Starts profiling; harmless when it runs. What the environment or the config file has switched off stays so:
   * SDKs enable every instrumentation that they are given. `setConfig({ enabled: true })` is stronger.
   */
  enable(): void {
    this.#safely('cannot start, memory is not profiled', () => {
      if (this.#unusable || this.#profiler || this.#switchedOff) return;
      this.#config = { ...this.#config, enabled: true };
      this.#claim = claimProfiler(() => new MemoryProfiler(this.#configFor, this.#log), {
        displaced: () => this.#detachMetrics(),
        restored: () => this.#attachMetrics(),
      });
      this.#profiler = this.#claim.profiler;
      const { onLeakSuspect } = this.#config;
      if (onLeakSuspect) this.#stopListening = this.#profiler.onLeakSuspect(onLeakSuspect);
      this.#attachMetrics();
    });
  }

  /** Stops profiling and finishes captures; harmless when it does not run. */
  disable(): void {
    void this.shutdown();
  }

  /** Like {@link disable}, and resolves when everything is written. Never rejects. */
  async shutdown(): Promise<void> {
    this.#config = { ...this.#config, enabled: false };
    this.#detachMetrics();
    const claim = this.#claim;
    this.#claim = undefined;
    this.#profiler = undefined;
    await containAsync(
      async () => {
        this.#stopListening?.();
        await claim?.release();
      },
      (thrown) => this.#report('cannot stop in an orderly way', thrown),
    );
  }

  setMeterProvider(meterProvider: MeterProvider): void {
    if (this.#metrics && meterProvider === this.#attachedTo) return;
    this.#meterProvider = meterProvider;
    this.#detachMetrics();
    this.#attachMetrics();
  }

  /** Part of the contract; heapray makes no spans. */
  setTracerProvider(_tracerProvider: TracerProvider): void {}

  /** `enabled` starts or stops; other options are read once, at the start. A wrong value changes nothing but the log. */
  setConfig(config: HeaprayInstrumentationConfig): void {
    this.#safely('setConfig is ignored', () => {
      const next = this.#configuration({ ...this.#config, ...config });
      const { enabled } = next([]).options;
      this.#configFor = next;
      if (config.enabled !== undefined) this.#switchedOff = false;
      this.#config = { ...this.#config, ...config, enabled };
      if (enabled) this.enable();
      else this.disable();
    });
  }

  getConfig(): HeaprayInstrumentationConfig & { enabled: boolean } {
    return this.#config;
  }

  /** Whether memory is profiled: not when it is disabled, nor when profiling could not be started. */
  get isProfiling(): boolean {
    return this.#profiler?.isRunning ?? false;
  }

  /** Where `/debug/pprof` is served, e.g. `127.0.0.1:6464`, once it is. */
  get debugAddress(): string | undefined {
    return this.#profiler?.debugAddress;
  }

  #attachMetrics(): void {
    this.#safely('cannot register metrics', () => {
      const profiler = this.#profiler;
      if (!profiler || this.#metrics) return;
      const { component, groupBy, maxCallSites, conventionMetrics } = profiler.config.options;
      const provider = this.#meterProvider ?? registeredMeterProvider() ?? metrics.getMeterProvider();
      this.#attachedTo = provider;
      this.#readers = isServed(provider)
        ? undefined
        : SdkReaders.of(
            provider,
            (temporalities) => new TopSitesProducer({ temporalities, alwaysOther: true }),
          );
      this.#metrics = new HeapMetrics(provider.getMeter(INSTRUMENTATION_NAME, VERSION), {
        component,
        groupBy,
        maxCallSites,
        conventions: conventionMetrics,
        fetchView: (withSites) => profiler.view(withSites),
        threadDeaths: () => profiler.threadDeaths,
        hasProducer: () => isServed(provider) || this.#servesReaders() || hasMetricProducer(),
        failed: (thrown) => this.#report('cannot observe metrics', thrown),
      });
    });
  }

  /** Whether producers tell the readers of call sites, which the instruments must not do then. */
  #servesReaders(): boolean {
    if (!this.#readers) return false;
    if (this.#readers.serve()) return true;
    this.#readers.dispose();
    this.#readers = undefined;
    this.#log('debug', 'a metric reader asks no producers: call sites come from instruments');
    return false;
  }

  #detachMetrics(): void {
    const attached = this.#metrics;
    this.#metrics = undefined;
    const readers = this.#readers;
    this.#readers = undefined;
    this.#safely('cannot remove metrics', () => {
      attached?.dispose();
      readers?.dispose();
    });
  }

  /** A wrong value in the environment or a file is told, once, and the default is used. */
  #configuration(config: HeaprayInstrumentationConfig): ConfigFor {
    const told = new SafeSet<string>();
    return configuration(config, ({ message }) => {
      if (told.has(message)) return;
      told.add(message);
      this.#log('error', `${message}; the default is used`);
    });
  }

  /** Runs what may call code of others; what that throws is logged. */
  #safely(what: string, work: () => void): void {
    contain(work, (thrown) => this.#report(what, thrown));
  }

  #report(what: string, thrown: unknown): void {
    this.#log('error', `${what}: ${describeThrown(thrown)}`);
  }
}

function checkFunctions(config: HeaprayInstrumentationConfig): void {
  for (const option of ['log', 'onLeakSuspect'] as const) {
    const value: unknown = config[option];
    if (value !== undefined && typeof value !== 'function')
      throw new ConfigError(option, value, 'a function');
  }
}

/** Reads environment and files once; only the declared components may still change. */
function configuration(
  config: HeaprayInstrumentationConfig,
  onRefused: (error: ConfigError) => void,
): ConfigFor {
  const { log: _log, onLeakSuspect: _listener, defaults, ...code } = config;
  const input = nodeConfigInput();
  const env = environment();
  const files = new SafeMap<string, string | undefined>();
  const readFile = (path: string) => {
    if (!files.has(path)) files.set(path, input.readFile(path));
    return files.get(path);
  };
  const configFor: ConfigFor = (declaredComponents) =>
    resolveConfig({ ...input, env, readFile, code, defaults, declaredComponents, onRefused });
  return configFor;
}

export { ConfigError };
