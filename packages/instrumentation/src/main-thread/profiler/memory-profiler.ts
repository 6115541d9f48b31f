// More than 400 lines: connects all that the main thread does, and decides when it begins and ends.
import type { ResolvedConfig } from '../../config/index.js';
import type { OffHeapMode } from '../../protocol/buffer-events.js';
import { describeThrown } from '../../protocol/describe-thrown.js';
import type { Log } from '../../protocol/log.js';
import type { ExactCapture, LeakEvent, NearLimit, SamplerRequest } from '../../protocol/messages.js';
import type { PointsAnswer } from '../../protocol/metric-points.js';
import { process, SafePromise } from '../../protocol/primordials.js';
import { monotonicMillis } from '../../protocol/steady-clock.js';
import { BufferProfiling } from '../buffers/buffer-profiling.js';
import { contain, containAsync } from '../containment/contain.js';
import { Timers } from '../containment/timers.js';
import type { AskPage, AskProfile } from '../exports/ask.js';
import { ProfileExports } from '../exports/profile-exports.js';
import { HeldLog } from '../log/held-log.js';
import { type LeakListener, SafeListeners } from '../log/safe-listeners.js';
import { mainMemory } from '../metrics/resident-memory.js';
import { connectExactHeap } from '../sampler/exact-heap.js';
import { EXACT_INTERVAL, ExactMode } from '../sampler/exact-mode.js';
import { setExactStackFlags } from '../sampler/exact-stack-flags.js';
import { OwnSampler } from '../sampler/own-sampler.js';
import { keepJemallocFromChildren } from '../start/native-environment.js';
import { unsupportedReason } from '../start/node-support.js';
import { isDenied, permissionProblem } from '../start/permissions.js';
import type { PortProblem } from '../start/port-problems.js';
import { startProblem } from '../start/preflight.js';
import { CollectionWatch } from './collection-watch.js';
import { ComponentTracing } from './component-tracing.js';
import { ExitGuard } from './exit-guard.js';
import { MetricRequests, type PointsWanted } from './metric-requests.js';
import { ProfilerThread, type ProfilerThreadHandlers } from './profiler-thread.js';
import { ServedPages } from './served-pages.js';
import { threadOptions } from './thread-options.js';
import { ThreadSupervisor } from './thread-supervisor.js';
import { type ConfigFor, TracedComponents } from './traced-components.js';

const EXACT_LATE = 'an exact capture took too long to begin or end: it may lack allocations, or have others';
/** Delay before unknown component names are reported, in ms; modules loaded later may still declare them. */
const DECLARATION_MILLIS = 2_000;

/**
 * Profiles this process: starts V8's sampler on the main thread, runs the profiler thread that reads it, and
 * manages both until the process ends.
 *
 * Nothing here throws into the application. After an unexpected error, e.g. because the application has
 * replaced a function that heapray uses, profiling ends with one message.
 */
export class MemoryProfiler {
  readonly #components: TracedComponents;
  readonly #log: Log;
  readonly #heldLog: HeldLog;
  #interval: number;
  readonly #guard: ExitGuard;
  readonly #tracing: ComponentTracing;
  readonly #exact: ExactMode;
  /** Interval before an exact capture replaced the sampler; undefined outside such captures. */
  #intervalBefore: number | undefined;
  #sampler: OwnSampler;
  /** Losses that the profiler thread had found when the sampler was started. */
  #lossesBefore = 0;
  readonly #threads: ThreadSupervisor;
  readonly #buffers: BufferProfiling;
  #collections: CollectionWatch | undefined;
  readonly #leakListeners = new SafeListeners((what) => this.#log('error', `onLeakSuspect threw: ${what}`));
  readonly #leakEventListeners = new SafeListeners<LeakEvent>((what) =>
    this.#log('error', `cannot emit an OpenTelemetry event of a leak suspect: ${what}`),
  );
  readonly #nearLimitListeners = new SafeListeners<NearLimit>((what) =>
    this.#log('error', `onNearLimit threw: ${what}`),
  );
  readonly #giveUp = (thrown: unknown): void =>
    this.#quit(`internal error, memory is no longer profiled: ${describeThrown(thrown)}`);
  readonly #timers = new Timers(this.#giveUp);
  readonly #requests = new MetricRequests(async (requests) => this.#thread?.points(requests), this.#giveUp);
  #running = false;
  #stopped = false;
  #failed = false;
  readonly #pages: ServedPages;
  /** Exports of profiles that code asks for. */
  readonly exports: ProfileExports;
  #problem: string | undefined;
  #isReleased = false;
  /** True if the next profiler takes over the sampler. */
  #isLeft = false;
  /** Pending while the previous profiler still holds the sampler. */
  #waiting: Promise<void> | undefined;
  #onReleased: (() => void) | undefined;

  constructor(configFor: ConfigFor, givenLog: Log) {
    this.#heldLog = new HeldLog(givenLog);
    const { log } = this.#heldLog;
    this.#log = log;
    this.#components = new TracedComponents(configFor, log);
    this.#sampler = new OwnSampler(log);
    this.#exact = new ExactMode(log);
    this.#pages = new ServedPages({
      log,
      config: () => this.config,
      thread: () => this.#thread,
      onThrown: this.#giveUp,
    });
    this.exports = new ProfileExports({
      log,
      send: (message) => this.#thread?.send(message),
      ask: async (wanted) => this.#thread?.profile(wanted, false),
      changed: () => this.#watchSignals(),
    });
    this.#interval = this.#intervalAtStart();
    this.#threads = new ThreadSupervisor({
      log,
      timers: this.#timers,
      startThread: (file, isAgain) => this.#startThread(file, isAgain),
      onRestart: () => {
        this.#buffers.threadStarted();
        this.#tracing.startAgain();
        this.exports.threadStarted();
        this.#waitForExactStart();
      },
      onFailure: (why) =>
        this.#quit(`cannot start the profiler thread, memory is not profiled: ${why}`, 'thread'),
    });
    this.#buffers = new BufferProfiling({
      send: (batch) => this.#thread?.send({ type: 'buffers', batch }),
      taken: () => this.#thread?.bufferBatches ?? 0,
      log,
    });
    this.#guard = new ExitGuard(() => this.#finishNow());
    this.#tracing = new ComponentTracing({
      components: this.#components,
      log,
      send: (message) => this.#thread?.send(message),
      locate: (work) => this.#sampler.locate(work),
      beginExact: () => this.#beginExact(),
      endExact: () => this.#endExact(),
      waitForExact: () => this.#waitForExact(),
      onActive: () => this.#watchSignals(),
      failed: this.#giveUp,
    });
  }

  /** Sets the component to the `service.name` of the application's SDK, see `TracedComponents`. */
  followService(serviceName: string): void {
    if (this.#stopped || !this.#components.followService(serviceName)) return;
    const { component } = this.config.options;
    this.#log('debug', `the component is ${component}, as the OpenTelemetry SDK calls the service`);
    // Without a thread, nothing to update: it will start with the new name.
    if (!this.#thread) return;
    const isTraced = this.#components.ofProcess !== undefined;
    if (isTraced) this.#tracing.trace();
    if (isTraced && this.config.detailed)
      this.#log(
        'warn',
        'captures are sampled: exact mode needs HEAPRAY_COMPONENT, as it begins before the SDK',
      );
    this.#thread.send({ type: 'component', component, isTraced });
    this.#watchSignals();
  }

  /** Collects a profile for the application. Never throws. */
  readonly askProfile: AskProfile = async (wanted) => this.#thread?.profile(wanted, true);

  /** Asks for a page of the debug server. Never throws. */
  readonly askPage: AskPage = async (question, millis, onCancel) =>
    this.#thread?.page(question, millis, onCancel);

  /** Calls back for each new leak suspect, until the returned function is called. */
  onLeakSuspect(listener: LeakListener): () => void {
    return this.#leakListeners.add(listener);
  }

  /** Calls back when a memory limit comes near, until the returned function is called. */
  onNearLimit(listener: (near: NearLimit) => void): () => void {
    return this.#nearLimitListeners.add(listener);
  }

  /**
   * Calls back for each new leak suspect with the attributes of an event, until the returned function is
   * called.
   */
  onLeakEvent(listener: (event: LeakEvent) => void): () => void {
    return this.#leakEventListeners.add(listener);
  }

  /** Memory outside V8's heap that is attributed; set it to change that while the process runs. */
  get offHeap(): OffHeapMode {
    return this.#buffers.mode;
  }
  set offHeap(mode: OffHeapMode) {
    if (this.#running && !this.#stopped) this.#buffers.set(mode);
  }

  /** Sets a listener for failures to open the debug server; it replaces the log message. */
  set onPortProblem(listener: (problem: PortProblem) => void) {
    this.#pages.onPortProblem = listener;
  }

  get config(): ResolvedConfig {
    return this.#components.config;
  }

  /** Mean bytes between samples. */
  get samplingInterval(): number {
    return this.#interval;
  }

  /** Number of times that the profiler thread died by itself. */
  get threadDeaths(): number {
    return this.#threads.deaths;
  }

  /** True while profiling: the profiler thread runs, or is about to be started (again). */
  get isRunning(): boolean {
    return (this.#running || this.#waiting !== undefined) && !this.#stopped;
  }

  /** Reason why memory is not profiled now, as an attribute value; undefined while it is profiled. */
  get notProfiling(): string | undefined {
    if (this.#problem !== undefined) return this.#problem;
    return this.#running && !this.#thread ? 'thread_died' : undefined;
  }

  get #thread(): ProfilerThread | undefined {
    return this.#threads.thread;
  }

  /** Resolves when a stopping profiler needs neither the sampler nor its ports any more. Never rejects. */
  readonly released: Promise<void> = new SafePromise((resolve) => {
    this.#onReleased = resolve;
  });

  /** Servers of the profiler thread. */
  get pages(): ServedPages {
    return this.#pages;
  }

  /** Address of `/debug/pprof`; undefined while this process does not serve it. */
  get debugAddress(): string | undefined {
    return this.#pages.debugAddress;
  }

  /**
   * Starts profiling.
   *
   * @param before last profiler of this process, which may still be stopping. Then this one takes over its
   *   sampler, which keeps running, and starts when `before` has released sampler and ports
   */
  start(before?: MemoryProfiler): void {
    const start = () => contain(() => this.#start(), this.#giveUp);
    if (before === undefined) return start();
    if (!before.#leaveSampler()) return start();
    this.#waiting = containAsync(async () => {
      await before.released;
      this.#waiting = undefined;
      this.#sampler = before.#sampler;
      if (!this.#stopped) this.#start();
    }, this.#giveUp);
  }

  /** Leaves the sampler to the next profiler while this one stops; false if it is released or has failed. */
  #leaveSampler(): boolean {
    this.#isLeft = this.#stopped && !this.#isReleased && !this.#failed;
    return this.#isLeft;
  }

  #start(): void {
    const unsupported = unsupportedReason(process.versions);
    if (unsupported !== undefined) return this.#cannotStart('node_version', unsupported);
    const forbidden = permissionProblem();
    if (forbidden !== undefined)
      return this.#cannotStart(
        isDenied('inspector') ? 'inspector' : 'thread',
        `${forbidden}: memory is not profiled`,
      );
    const problem = startProblem();
    if (problem !== undefined) return this.#cannotStart('limits', `${problem}: memory is not profiled`);
    // Exact captures of functions count best if V8 has inlined nothing before.
    const isExact = this.config.detailed && this.#components.any;
    if (this.config.options.accurateStacks || isExact) setExactStackFlags();
    this.#interval = this.#intervalAtStart();
    const mode = this.#startSampler();
    if (mode === 'no-inspector') return this.#cannotStart('inspector');
    if (mode === 'failed') return this.#cannotStart('sampler');
    this.#running = true;
    if (this.config.options.nativeDumps !== undefined) keepJemallocFromChildren();
    this.#watchSignals();
    this.#threads.start();
    if (this.#stopped) return;
    // The application must not allocate before the thread polls.
    this.#waitForExactStart();
    this.exports.threadStarted();
    this.#watchCollections();
    this.#buffers.set(this.config.options.offHeap);
    this.#tracing.start();
    this.#timers.after(DECLARATION_MILLIS, () => this.#components.warn());
  }

  #intervalAtStart(): number {
    return this.#components.exactThroughout ? EXACT_INTERVAL : this.#usualInterval;
  }

  /** Interval outside exact mode. */
  get #usualInterval(): number {
    const { tracedSamplingInterval, samplingInterval } = this.config.options;
    return this.#components.any ? tracedSamplingInterval : samplingInterval;
  }

  /** Starts the sampler, or keeps the one taken over from the previous profiler. */
  #startSampler(): ReturnType<OwnSampler['start']> | 'no-inspector' {
    const { mode, interval } = this.#sampler;
    // Start exact mode again, as this profiler has not prepared it.
    if (mode && interval === this.#interval && interval !== EXACT_INTERVAL) return mode;
    this.#sampler.release();
    return this.#sampler.connect() ? this.#startAt(this.#interval) : 'no-inspector';
  }

  /** Starts the sampler; at the usual interval instead of 1 if exact mode is not wanted any more, or not possible. */
  #startAt(samplingInterval: number): ReturnType<OwnSampler['start']> {
    this.#lossesBefore = this.#thread?.samplerLosses ?? 0;
    if (samplingInterval === EXACT_INTERVAL) {
      const isExact = this.#components.exactThroughout || this.#intervalBefore !== undefined;
      const mode = isExact ? this.#exact.startSampler(this.#sampler) : undefined;
      this.#interval = mode === undefined ? this.#usualInterval : EXACT_INTERVAL;
      if (mode !== undefined) return mode;
    } else this.#interval = samplingInterval;
    this.#exact.end();
    return this.#sampler.start(this.#interval);
  }

  /** Replaces the sampler by one of interval 1 for an exact capture; undefined if that is not possible. */
  #beginExact(): ExactCapture | undefined {
    const thread = this.#thread;
    const mode = this.#ownedMode();
    if (!thread || !mode || !this.#exact.isPossible(mode)) return undefined;
    if (this.#exact.start) return { sinceReplaced: false };
    const before = this.#interval;
    thread.samplerChanged();
    this.#sampler.stop();
    this.#intervalBefore = before;
    this.#samplerStarted(this.#startAt(EXACT_INTERVAL));
    if (this.#exact.start) return { sinceReplaced: true };
    this.#intervalBefore = undefined;
    return undefined;
  }

  #endExact(): void {
    const before = this.#intervalBefore;
    this.#intervalBefore = undefined;
    if (before !== undefined) this.#replaceExact(before);
  }

  /** Replaces the sampler of exact mode, unless that is done already because too much was alive. */
  #replaceExact(samplingInterval: number): void {
    if (this.#stopped || !this.#ownedMode() || !this.#exact.start) return;
    this.#thread?.samplerChanged();
    this.#sampler.stop();
    this.#samplerStarted(this.#startAt(samplingInterval));
  }

  /**
   * Returns the mode of the sampler; undefined while it is not heapray's, as far as polls have shown. Call before the sampler is
   * stopped. A sampler that other code has started since the last poll is still taken for heapray's.
   */
  #ownedMode(): OwnSampler['mode'] {
    const losses = this.#thread?.samplerLosses ?? this.#lossesBefore;
    if (losses !== this.#lossesBefore) {
      this.#lossesBefore = losses;
      this.#sampler.lost();
      this.#exact.end();
    }
    return this.#sampler.mode;
  }

  #waitForExact(): void {
    if (this.#thread?.waitForExactCapture() === false) this.#log('warn', EXACT_LATE);
  }

  /** Waits for the exact capture that the thread begins with, if it does. */
  #waitForExactStart(): void {
    if (this.#thread?.waitForExactStart() === false) this.#log('warn', EXACT_LATE);
  }

  /** @param message undefined if the reason is already logged */
  #cannotStart(problem: string, message?: string): void {
    this.#problem = problem;
    // It may have been taken over from the previous profiler.
    contain(() => this.#sampler.release(), this.#giveUp);
    if (message !== undefined) this.#log('error', message);
  }

  /**
   * Returns the present metric points; the last ones again if the profiler thread is gone or does not answer.
   * Never rejects.
   */
  points(wanted: PointsWanted): Promise<PointsAnswer | undefined> {
    return this.#requests.points(wanted);
  }

  /** Stops profiling and finishes captures. Never rejects. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#threads.close();
    await containAsync(async () => {
      if (this.#waiting) await this.#waiting;
      this.#components.warn();
      this.#tracing.stop();
      this.#collections?.stop();
      this.#buffers.flush();
      this.#buffers.stop();
      this.#timers.stop();
      await this.#thread?.stop();
      this.#guard.dispose();
    }, this.#giveUp);
    this.#release();
  }

  /** Releases the sampler; the thread may still be writing. */
  #release(): void {
    this.#isReleased = true;
    this.#ownedMode();
    this.#exact.end();
    if (!this.#isLeft) contain(() => this.#sampler.release(), this.#giveUp);
    this.#onReleased?.();
  }

  /** Ends profiling for good, with a message; the application continues. */
  #quit(message: string, problem = 'internal_error'): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#stopped = true;
    this.#threads.close();
    this.#problem = problem;
    this.#log('error', message);
    const nothing = () => {};
    contain(() => this.#tracing.stop(), nothing);
    contain(() => this.#timers.stop(), nothing);
    contain(() => this.#collections?.stop(), nothing);
    contain(() => this.#buffers.stop(), nothing);
    contain(() => this.#guard.watchSignals(false), nothing);
    contain(() => this.#thread?.abandon(), nothing);
    contain(() => this.#ownedMode() && this.#sampler.stop(), nothing);
    contain(() => this.#release(), nothing);
  }

  /** Starts a profiler thread. @throws when no thread can be started */
  #startThread(file: string | undefined, isAgain: boolean): ProfilerThread {
    const { mode } = this.#sampler;
    const given = threadOptions(this.#components, {
      samplingInterval: this.#interval,
      exact: this.#exact.start,
      endedThreads: this.#threads.endedThreads,
      mode,
      samplerBinding: this.#sampler.bindingFile,
      isResumed: isAgain && mode !== undefined,
      lastAnswers: this.#requests.lastAnswers,
    });
    const options = { ...given, ...this.#pages.threadOptions, resource: this.exports.resource };
    const handlers: ProfilerThreadHandlers = {
      log: (level, text) => this.#log(level, text),
      begun: () => this.#sampler.profilingBegan(),
      startSampler: (request) => this.#samplerRequested(request),
      objectCounts: () => this.#sampler.objectCounts(),
      mainMemory,
      metricsPage: () => this.#pages.metricsPage(),
      served: (server, served) => this.#pages.served(server, served),
      leakSuspect: (event) => this.#leakSuspected(event),
      nearLimit: (near) => this.#nearLimitListeners.tell(near),
      released: () => this.#release(),
      died: (reason, hasBegun) => {
        this.#pages.died();
        this.#threads.died(reason, hasBegun);
      },
      failed: this.#giveUp,
    };
    const thread = new ProfilerThread(options, handlers, file);
    this.#lossesBefore = 0;
    const end = () => this.#replaceExact(this.config.options.tracedSamplingInterval);
    connectExactHeap(thread.control, () => this.#heldLog.during(() => contain(end, this.#giveUp)));
    return thread;
  }

  #watchCollections(): void {
    const what =
      'garbage collections cannot be observed: in-use values include garbage, no leaks are detected';
    this.#collections = contain(
      () =>
        new CollectionWatch({
          scavenged: (count) => this.#thread?.scavenged(count),
          took: (millis) => this.#thread?.collectionsTook(millis),
          collected: (majors) => {
            this.#thread?.send({ type: 'collected', majors });
            this.#buffers.collected();
          },
        }),
      (thrown) => this.#log('warn', `${what}: ${describeThrown(thrown)}`),
    );
  }

  #leakSuspected(event: LeakEvent): void {
    this.#log('warn', `leak suspected: ${event.suspect.message}`);
    this.#leakEventListeners.tell(event);
    this.#leakListeners.tell(event.suspect);
  }

  /** Starts the sampler, or replaces it: a running sampler cannot change its interval. */
  #samplerRequested({ samplingInterval, replaceUntilMillis }: SamplerRequest): void {
    if (this.#stopped) return;
    if (replaceUntilMillis !== undefined) {
      // The thread has asked before it knew of an exact capture: the interval is for the time after that.
      const isExact = this.#intervalBefore !== undefined && this.#exact.start !== undefined;
      if (isExact) this.#intervalBefore = samplingInterval;
      if (isExact || monotonicMillis() > replaceUntilMillis)
        return this.#thread?.send({ type: 'sampler-kept' });
      if (this.#ownedMode()) this.#sampler.stop();
    }
    this.#samplerStarted(this.#startAt(samplingInterval));
  }

  #samplerStarted(mode: ReturnType<OwnSampler['start']>): void {
    const thread = this.#thread;
    if (!thread) return;
    const samplingInterval = this.#interval;
    const exact = this.#exact.start;
    const changes = thread.samplerChanges;
    if (mode === 'taken' || mode === 'failed') thread.send({ type: 'no-sampler', reason: mode, changes });
    else thread.send({ type: 'sampler', mode, samplingInterval, exact, changes });
  }

  /** True if there is something to capture or export when the process ends. */
  get #isCapturing(): boolean {
    return this.#tracing.isActive || this.#components.throughout;
  }
  get #isExporting(): boolean {
    return this.exports.hasOwn || this.config.options.profilesExporter.length > 0;
  }

  #watchSignals(): void {
    this.#guard.watchSignals(this.#running && (this.#isCapturing || this.#isExporting));
  }

  #finishNow(): void {
    contain(() => this.#components.warn(), this.#giveUp);
    contain(() => this.#tracing.flush(), this.#giveUp);
    this.#buffers.flush();
    this.#thread?.finishNow(!this.#failed && this.#isCapturing, !this.#failed && this.#isExporting);
  }
}
