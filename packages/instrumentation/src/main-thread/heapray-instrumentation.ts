import type { Profile } from '@heapray/exporter/profile';
import { type MeterProvider, metrics, type TracerProvider } from '@opentelemetry/api';
import { ConfigError, checkedOption, type HeaprayOptions } from '../config/index.js';
import { describeThrown } from '../protocol/describe-thrown.js';
import type { Log } from '../protocol/log.js';
import { SafeSet } from '../protocol/primordials.js';
import { INSTRUMENTATION_NAME, VERSION } from '../version.js';
import { contain, containAsync } from './containment/contain.js';
import type { EventLoggerProvider } from './containment/event-logger.js';
import { registeredLoggerProvider, registeredMeterProvider } from './containment/otel-globals.js';
import { Timers } from './containment/timers.js';
import { type CollectProfileOptions, collectProfile } from './exports/collect-profile.js';
import { ownResource } from './exports/own-resource.js';
import {
  checkFunctions,
  configuration,
  type HeaprayInstrumentationConfig,
} from './instrumentation-config.js';
import { logToDiag } from './log/diag-log.js';
import { emitLeakEvent } from './log/leak-log-events.js';
import { safeLog } from './log/safe-log.js';
import { AttachedMetrics } from './metrics/attached-metrics.js';
import { passesOn } from './metrics/passes-on.js';
import { declaredComponents } from './profiler/components.js';
import { MemoryProfiler } from './profiler/memory-profiler.js';
import { acquireSharedProfiler, type ProfilerClaim } from './profiler/shared-profiler.js';
import type { ConfigFor } from './profiler/traced-components.js';
import { ignoredOptions } from './start/ignored-options.js';
import { programEnvironment } from './start/pm2.js';
import { resourceOf, resourceSettled, serviceNameOf } from './start/sdk-resource.js';

/** Interval at which an instance without a MeterProvider looks for a registered one, in ms. */
const PROVIDER_CHECK_MILLIS = 1_000;

/**
 * Continuous memory profiling as an OpenTelemetry instrumentation.
 *
 * Has the structure of an `Instrumentation` of OpenTelemetry JS 1.x to 3.x and depends only on the API. It
 * patches no modules, so it does not need the instrumentation base class, but behaves like it. Profiling
 * starts with the constructor; metrics appear as soon as a meter provider is set or registered.
 *
 * One profiler runs per process, with the options of the instance that started it. A second instance shares
 * it, and logs which of its options are not in force. The newest enabled instance that has a MeterProvider
 * carries the metrics.
 */
export class HeaprayInstrumentation {
  readonly instrumentationName: string = INSTRUMENTATION_NAME;
  readonly instrumentationVersion: string = VERSION;
  readonly #log: Log;
  readonly #timers: Timers;
  #config: HeaprayInstrumentationConfig & { enabled: boolean };
  #configFor: ConfigFor;
  #claim: ProfilerClaim | undefined;
  #meterProvider: MeterProvider | undefined;
  #loggerProvider: EventLoggerProvider | undefined;
  #carriesMetrics = false;
  #isAwaiting = false;
  #attached: AttachedMetrics | undefined;
  #stopListening: (() => void) | undefined;
  #stopEvents: (() => void) | undefined;
  #removeReaders: (() => Promise<void>) | undefined;
  /** True if the environment or the file has disabled profiling and code has not set `enabled`. */
  #switchedOff: boolean;
  #saidIgnored: string | undefined;

  /**
   * Reads the configuration and starts profiling, unless it is disabled.
   *
   * @throws ConfigError when an option has a wrong value: its name, the value and what is allowed
   */
  constructor(config: HeaprayInstrumentationConfig = {}) {
    checkFunctions(config);
    this.#log = config.log ? safeLog(config.log) : logToDiag;
    this.#timers = new Timers((thrown) => this.#report('cannot look for a MeterProvider', thrown));
    this.#configFor = this.#configuration(config);
    const { enabled } = this.#configFor([]).options;
    this.#switchedOff = !enabled && config.enabled === undefined;
    this.#config = { ...config, enabled };
    if (enabled) this.enable();
  }

  /**
   * Starts profiling; does nothing if it runs. Also does nothing if the environment or the config file has
   * disabled it, because SDKs enable every instrumentation that they are given. After `setConfig` with
   * `enabled: true` it starts.
   */
  enable(): void {
    this.#safely('cannot start, memory is not profiled', () => {
      if (this.#claim || this.#switchedOff) return;
      const claim = acquireSharedProfiler(() => new MemoryProfiler(this.#configFor, this.#log), {
        hasProvider: () => passesOn(this.#provider()),
        carryMetrics: (carries) => this.#carry(carries),
      });
      this.#claim = claim;
      this.#listen();
      this.#export(claim);
      this.#attach();
      this.#emitEvents();
      if (claim.isShared) this.#tellIgnored('another instance has started profiling before');
      this.#awaitProvider();
    });
  }

  /** Stops profiling and finishes captures; does nothing if it does not run. */
  disable(): void {
    void this.shutdown();
  }

  /** Stops like {@link disable}; resolves when everything is written. Never rejects. */
  async shutdown(): Promise<void> {
    const claim = this.#claim;
    const removeReaders = this.#removeReaders;
    this.#claim = undefined;
    this.#removeReaders = undefined;
    this.#carry(false);
    await containAsync(
      async () => {
        this.#stopListening?.();
        // Ask for the last profiles before the profiler stops: it answers these first.
        const removed = removeReaders?.();
        await claim?.release();
        await removed;
      },
      (thrown) => this.#report('cannot stop in an orderly way', thrown),
    );
  }

  setMeterProvider(meterProvider: MeterProvider): void {
    this.#meterProvider = meterProvider;
    this.#providerChanged();
  }

  /**
   * Sets where leak suspects are emitted as log events; without it, the registered LoggerProvider is used.
   */
  setLoggerProvider(loggerProvider: EventLoggerProvider): void {
    this.#loggerProvider = loggerProvider;
  }

  /** Does nothing: part of the `Instrumentation` contract, but heapray makes no spans. */
  setTracerProvider(_tracerProvider: TracerProvider): void {}

  /**
   * Replaces the configuration, as OpenTelemetry's base class does: absent options get their defaults again,
   * and profiling is neither started nor stopped. `onLeakSuspect` and `onNearLimit` take effect at once, other options at the
   * next `enable()` after a `disable()`; the log lists those not in force yet. A wrong value is logged and
   * changes nothing.
   */
  setConfig(config: HeaprayInstrumentationConfig = {}): void {
    this.#safely('setConfig is ignored', () => {
      checkFunctions(config);
      const next = this.#configuration(config);
      const { enabled } = next([]).options;
      this.#configFor = next;
      this.#switchedOff = !enabled && config.enabled === undefined;
      this.#config = { ...config, enabled };
      if (!this.#claim) return;
      this.#listen();
      this.#tellIgnored('options are read when profiling starts');
    });
  }

  /**
   * Attributes memory outside V8's heap to functions from now on, or no more; see the option `offHeap`. Has no
   * effect while memory is not profiled, and none on the configuration. A wrong value is logged.
   */
  setOffHeap(offHeap: NonNullable<HeaprayOptions['offHeap']>): void {
    this.#safely('setOffHeap is ignored', () => {
      const mode = checkedOption('offHeap', offHeap);
      if (this.#claim && mode) this.#claim.profiler.offHeap = mode;
    });
  }

  getConfig(): HeaprayInstrumentationConfig & { enabled: boolean } {
    return this.#config;
  }

  /**
   * Collects a profile of this process, to encode or to look into. Heapray's own thread makes it; the main thread answers one
   * poll.
   *
   *     import { encodePprofGzip } from '@heapray/exporter/pprof';
   *     const profile = await instrumentation.collectProfile();
   *     await writeFile('heap.pb.gz', await encodePprofGzip(profile));
   *
   * Never throws synchronously. Eight profiles can be in work at once.
   *
   * @throws Error (rejects) when memory is not profiled, an option is not valid, or the profile cannot be made
   */
  collectProfile(options: CollectProfileOptions = {}): Promise<Profile> {
    const profiler = this.isProfiling ? this.#claim?.profiler : undefined;
    return collectProfile(profiler?.askProfile, options);
  }

  /** True while memory is profiled: false when disabled, or when profiling could not be started. */
  get isProfiling(): boolean {
    return this.#claim?.profiler.isRunning ?? false;
  }

  /**
   * True if this instance's MeterProvider gets the metrics of the process's profiler, or would if it had one.
   */
  get carriesMetrics(): boolean {
    return this.#claim?.mayCarry() ?? false;
  }

  /** Address of `/debug/pprof`, e.g. `127.0.0.1:6464`; undefined while it is not served. */
  get debugAddress(): string | undefined {
    return this.#claim?.profiler.debugAddress;
  }

  /** Returns the provider to use: the one that was set if it passes metrics on, else the registered one. */
  #provider(): MeterProvider {
    const own = this.#meterProvider;
    if (own && passesOn(own)) return own;
    return registeredMeterProvider() ?? own ?? metrics.getMeterProvider();
  }

  /** Looks regularly for a provider registered without a call of `setMeterProvider`, until there is one. */
  #awaitProvider(): void {
    if (this.#isAwaiting || !this.#claim || passesOn(this.#provider())) return;
    this.#isAwaiting = true;
    this.#timers.after(PROVIDER_CHECK_MILLIS, () => {
      this.#isAwaiting = false;
      if (this.#claim && passesOn(this.#provider())) this.#providerChanged();
      else this.#awaitProvider();
    });
  }

  #providerChanged(): void {
    this.#safely('cannot use the MeterProvider', () => {
      this.#claim?.elect();
      this.#attach();
    });
  }

  #carry(carries: boolean): void {
    this.#carriesMetrics = carries;
    this.#attach();
    this.#emitEvents();
  }

  /** Attaches the metrics to the present provider, and only to that. */
  #attach(): void {
    const profiler = this.#carriesMetrics ? this.#claim?.profiler : undefined;
    const provider = profiler && this.#provider();
    const attached = this.#attached;
    if (attached && attached.provider === provider) return;
    this.#attached = undefined;
    this.#safely('cannot remove metrics', () => attached?.dispose());
    if (!profiler || !provider) return;
    this.#safely('cannot register metrics', () => {
      const serviceName = serviceNameOf(provider);
      if (serviceName !== undefined) profiler.followService(serviceName);
      void this.#followResource(profiler, provider);
      this.#attached = new AttachedMetrics(profiler, provider, this.#log);
    });
  }

  /** Emits leak suspects as log events while this instance carries the metrics: one instance must do so. */
  #emitEvents(): void {
    this.#stopEvents?.();
    const profiler = this.#carriesMetrics ? this.#claim?.profiler : undefined;
    this.#stopEvents = profiler?.onLeakEvent((event) => emitLeakEvent(this.#eventProvider(), event));
  }

  /**
   * Returns the LoggerProvider to use: the one that was set, unless it only stands for the registered one.
   */
  #eventProvider(): EventLoggerProvider | undefined {
    const own = this.#loggerProvider;
    if (own && own.constructor?.name !== 'ProxyLoggerProvider') return own;
    return registeredLoggerProvider() ?? own;
  }

  /** Starts the readers of profiles. */
  #export({ profiler, isShared }: ProfilerClaim): void {
    const { profileReaders = [] } = this.#config;
    const { component } = profiler.config.options;
    if (!isShared) profiler.exports.resource = ownResource(programEnvironment(), component);
    if (profileReaders.length > 0) this.#removeReaders = profiler.exports.add(profileReaders);
  }

  /** Exports profiles with the resource of a MeterProvider, also with what it detects later. Never rejects. */
  async #followResource(profiler: MemoryProfiler, provider: MeterProvider): Promise<void> {
    const follow = () => {
      const resource = this.#attached?.provider === provider && resourceOf(provider);
      if (resource) profiler.exports.resource = resource;
    };
    // After the provider is attached.
    await undefined;
    this.#safely('cannot read the resource', follow);
    await resourceSettled(provider);
    this.#safely('cannot read the resource', follow);
  }

  #listen(): void {
    this.#stopListening?.();
    const { onLeakSuspect, onNearLimit } = this.#config;
    const profiler = this.#claim?.profiler;
    const stopSuspects = onLeakSuspect && profiler?.onLeakSuspect(onLeakSuspect);
    const stopLimits = onNearLimit && profiler?.onNearLimit(onNearLimit);
    this.#stopListening = () => {
      stopSuspects?.();
      stopLimits?.();
    };
  }

  /** Logs which options of this instance have no effect, once for each change. */
  #tellIgnored(why: string): void {
    const inForce = this.#claim?.profiler.config;
    const ignored = inForce ? ignoredOptions(this.#configFor(declaredComponents()), inForce).join(', ') : '';
    if (ignored !== '' && ignored !== this.#saidIgnored)
      this.#log('warn', `${why}; options that are not in force: ${ignored}`);
    this.#saidIgnored = ignored;
  }

  /**
   * Creates the resolver. A wrong value in the environment or a file is logged once, and the default is used, or a safe value.
   */
  #configuration(config: HeaprayInstrumentationConfig): ConfigFor {
    const told = new SafeSet<string>();
    return configuration(config, ({ message }, _ofAirflow, effect) => {
      if (told.has(message)) return;
      told.add(message);
      this.#log('error', `${message}; ${effect}`);
    });
  }

  /** Runs code that may call other packages, and logs what it throws. */
  #safely(what: string, work: () => void): void {
    contain(work, (thrown) => this.#report(what, thrown));
  }

  #report(what: string, thrown: unknown): void {
    this.#log('error', `${what}: ${describeThrown(thrown)}`);
  }
}

export { ConfigError, type HeaprayInstrumentationConfig };
