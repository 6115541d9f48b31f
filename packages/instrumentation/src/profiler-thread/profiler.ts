// More than 400 lines: connects all folders of the profiler thread, and the messages of the main thread.
import type { BufferBatch } from '../protocol/buffer-events.js';
import type { FunctionLocation } from '../protocol/code-place.js';
import type {
  CollectionTimes,
  FromProfilerThread,
  MainMemory,
  ProfilerThreadOptions,
  SuspectView,
  ToProfilerThread,
} from '../protocol/messages.js';
import type { KernelMemory } from '../protocol/metric-points.js';
import { monotonicMillis, risingClock, steadyClock } from '../protocol/steady-clock.js';
import { BufferMemory } from './buffers/buffer-memory.js';
import { Captures } from './captures/captures.js';
import { capturesOptions } from './captures/captures-options.js';
import { Compressions } from './captures/compressions.js';
import { feedOptions } from './captures/feed-options.js';
import { isMainHeap, ScopeTables } from './captures/scope/component-scope.js';
import { collectedProfile, lastProfile } from './exports/collected-profiles.js';
import { ProfileExports } from './exports/profile-exports.js';
import { HighWaterMarkTracker } from './history/high-water-mark.js';
import { PAST_WINDOWS, PastStates } from './history/past-states.js';
import { LeakWatch } from './leaks/leak-watch.js';
import type { Ledger } from './ledger/index.js';
import { LedgerFactory } from './ledger-factory.js';
import { LiveViewing } from './live-viewing.js';
import { MainThreadLink } from './main-thread-link.js';
import { MetricPointsSource } from './metrics/metric-points-source.js';
import type { OwnFigures } from './metrics/own-series.js';
import { leakEventAttributes } from './metrics/site-growth.js';
import { type ConnectedLimits, connectLimits } from './near-limit/connect-limits.js';
import { ownFigures, ownMemoryBytes } from './own-figures.js';
import { type ExactCounts, exactText } from './polling/exact-counts.js';
import { connectHeapPoller, type HeapPoller, type SnapshotTaker } from './polling/heap-poller.js';
import { PollLoop } from './polling/poll-loop.js';
import type { ExactEnd } from './polling/poll-loop-deps.js';
import { type ProfileParts, profileParts } from './profile-parts.js';
import type { PagesDeps } from './profile-server.js';
import { CollectionReports } from './requests/collection-reports.js';
import { MainThreadRequests } from './requests/main-thread-requests.js';
import type { ProfileRequests } from './requests/profile-requests.js';
import { ResidentWatch } from './resident/resident-watch.js';
import { Servers } from './servers.js';
import { AllLeaks } from './sources/all-leaks.js';
import type { MemorySource } from './sources/memory-source.js';
import { MemorySources } from './sources/memory-sources.js';
import { connectStats } from './stats/connect-stats.js';
import { connectOwnHeap, OwnHeap } from './stats/own-heap.js';
import type { ProfilerStats } from './stats/profiler-stats.js';
import { stayIdle } from './stay-idle.js';
import { PollingOfAll } from './workers/polling-of-all.js';
import { connectWorkerTargets } from './workers/worker-targets.js';
import { Workers } from './workers/workers.js';

/** Longest wait for the last poll when the process exits, in ms. */
const LAST_POLL_MILLIS = 500;
/** Time for compressing captures at the end, in ms; the main thread stops waiting after twice that. */
const LAST_COMPRESSION_MILLIS = 1_000;
/** Longest time for the last export of profiles when the process exits, in ms; twice that when profiling stops. */
const LAST_EXPORT_MILLIS = 1_000;
/** Time that the end may take beyond the usual in exact mode, in ms. */
const EXACT_END_MILLIS = 5_000;
const PROCESS_CAPTURE = 0;

/**
 * Runs in the profiler thread: polls the main thread's sampler, updates the ledger, writes captures and
 * serves profiles.
 */
export class Profiler {
  readonly #options: ProfilerThreadOptions;
  readonly #link: MainThreadLink;
  readonly #stats: ProfilerStats;
  readonly #poller: HeapPoller & SnapshotTaker;
  readonly #ownHeap = new OwnHeap(connectOwnHeap());
  readonly #ledger: Ledger;
  readonly #sources: MemorySources;
  readonly #loop: PollLoop;
  readonly #clock = steadyClock();
  readonly #startedMillis = this.#clock();
  readonly #risingClock = risingClock(this.#startedMillis);
  readonly #workers: Workers | undefined;
  readonly #polling: PollingOfAll;
  readonly #captures: Captures;
  readonly #collections = new CollectionReports();
  readonly #scopes = new ScopeTables();
  readonly #compressions: Compressions;
  readonly #viewing: LiveViewing;
  readonly #leaks: AllLeaks;
  readonly #buffers: BufferMemory;
  readonly #points: MetricPointsSource;
  readonly #peak = new HighWaterMarkTracker();
  readonly #servers: Servers;
  readonly #resident = new ResidentWatch({
    mainMemory: (kernel) => this.#mainMemory(kernel),
  });
  readonly #limits: ConnectedLimits;
  readonly #requests: MainThreadRequests;
  readonly #exports: ProfileExports;
  #parts: ProfileParts | undefined;
  #pagesDeps: Promise<PagesDeps> | undefined;
  #profileRequests: Promise<ProfileRequests> | undefined;
  #finishing: Promise<void> | undefined;

  constructor(options: ProfilerThreadOptions) {
    this.#options = options;
    const control = new Int32Array(options.control);
    this.#link = new MainThreadLink(options.port, control);
    this.#stats = connectStats(control);
    this.#servers = new Servers(options, {
      link: this.#link,
      send: (message) => this.#send(message),
      stats: this.#stats,
      component: () => this.#ledger.sites.components.own,
    });
    this.#poller = connectHeapPoller((isHeld) => this.#link.setHeld(isHeld));
    const ledgers = new LedgerFactory(options, (text) => this.#log('info', text));
    this.#ledger = ledgers.ofHeap(options.component);
    if (options.isResumed) this.#ledger.resume();
    const windowMillis = options.leakWindowSeconds * 1000;
    this.#sources = new MemorySources({
      kind: 'heap',
      thread: undefined,
      ledger: this.#ledger,
      leaks: new LeakWatch(this.#ledger, { windowMillis, heapLimit: options.heapLimit }),
      past: new PastStates({ windowMillis: PAST_WINDOWS * windowMillis, startMillis: performance.now() }),
    });
    this.#leaks = new AllLeaks(this.#sources);
    this.#buffers = new BufferMemory({
      sources: this.#sources,
      stats: this.#stats,
      // These frames have the line of the call, so a line identifies a call site.
      code: ledgers.ofCalls(),
      windowMillis,
      pastMillis: PAST_WINDOWS * windowMillis,
      onSuspect: (suspect) => this.#suspected(suspect),
    });
    this.#loop = new PollLoop(
      {
        ledger: this.#ledger,
        poller: this.#poller,
        stats: this.#stats,
        startSampler: (request) => this.#send({ type: 'start-sampler', ...request }),
        // Captures about to begin must record the live samples, which a restart loses.
        readyForRestart: () => this.#captures.idle(),
        onReplaced: () => this.#captures.samplerRestarts(this.#sources.main),
        onSamplerLost: () => {
          this.#link.samplerLost();
          this.#sources.main.leaks.samplerLost();
        },
        onIntervalChanged: () => this.#sources.main.leaks.intervalChanged(),
        isFollowed: () => this.#captures.count > 0,
        isFillingWindows: () => this.#sources.main.leaks.isFillingWindows,
        windowEndsMillis: () => this.#sources.main.leaks.windowEndsMillis,
        onReading: () => this.#onReading(this.#sources.main),
        takeScavenges: () => this.#link.takeScavenges(),
        exact: {
          poller: this.#poller,
          samplerChanges: () => this.#link.samplerChanges(),
          setReading: (isReading) => this.#link.setReading(isReading),
          onBegin: () => this.#setEndMillis(),
          onWaited: (millis) => this.#stats.addPause(millis),
          onLost: (allocations) => this.#stats.drop('exact_allocation', allocations),
          onEnd: (counts, end) => this.#exactEnded(counts, end),
        },
        log: (level, text) => this.#log(level, text),
      },
      options,
    );
    this.#workers = options.workers ? this.#newWorkers(ledgers) : undefined;
    this.#polling = new PollingOfAll(this.#loop, this.#workers);
    const log = (level: 'warn' | 'error', text: string) => this.#log(level, text);
    this.#compressions = new Compressions({ stats: this.#stats, log });
    this.#captures = this.#newCaptures();
    this.#viewing = this.#newViewing();
    this.#points = new MetricPointsSource({
      sources: this.#sources,
      component: options.component,
      startedMillis: this.#startedMillis,
      epochMillis: this.#risingClock,
      suspects: () => this.#leaks.suspects(performance.now()),
      secondsToLimit: () => this.#leaks.secondsToLimit(),
      figures: () => this.#figures(),
      state: () => ({
        mode: this.#loop.mode ?? 'none',
        noneReason: this.#stats.lastLost,
        pollDurations: this.#stats.pollDurations,
        memoryBytes: ownMemoryBytes(),
        workerBytes: this.#workerBytes(),
        kernel: this.#resident.kernel(),
      }),
      earlier: options.lastAnswers,
    });
    this.#limits = this.#connectLimits();
    this.#requests = new MainThreadRequests({
      requests: async () => (await this.#whatPagesNeed()).requests(),
      pages: async () => this.#servers.pages(await this.#whatPagesNeed()),
      send: (message, transferred) => this.#link.send(message, transferred),
    });
    this.#exports = new ProfileExports(options, {
      collect: async (kind, isLast) => {
        const deps = await this.#whatPagesNeed();
        return isLast ? lastProfile(deps, kind) : collectedProfile(await deps.requests(), kind);
      },
      stats: this.#stats,
      log: (level, text) => this.#log(level, text),
    });
  }

  start(): void {
    this.#link.receive((message) => this.#receive(message));
    void this.#link.exit().then(() => this.#finish());
    const { processCapture, mode, memrayLivePort, traced, endedThreads, metricsAddress } = this.#options;
    const { samplingInterval, exact } = this.#options;
    const isFirst = endedThreads.length === 0;
    if (traced) void this.#captures.load();
    if (processCapture !== undefined && isFirst)
      this.#captures.begin(
        PROCESS_CAPTURE,
        processCapture,
        false,
        'process',
        exact && { sinceReplaced: true },
      );
    this.#workers?.start();
    void this.#captures.idle().then(() => {
      // The main thread may have replaced this sampler already: a message says so.
      if (mode) this.#loop.samplerStarted(mode, samplingInterval, exact, 0);
      else this.#loop.samplerRefused('taken', 0);
      // Captures of an earlier thread begin only now: a poll is needed to see what is alive.
      if (processCapture !== undefined && !isFirst)
        this.#captures.begin(PROCESS_CAPTURE, processCapture, { whole: true });
    });
    if (memrayLivePort !== undefined) void this.#viewing.start(memrayLivePort, this.#options.mayListen);
    this.#resident.start();
    void this.#servers.serveMetrics(metricsAddress);
    this.#startServer().catch((error: Error) => this.#log('error', `debug server: ${error.message}`));
    this.#limits.guard?.start();
    this.#exports.start();
  }

  #receive(message: ToProfilerThread): void {
    switch (message.type) {
      case 'sampler':
        return this.#loop.samplerStarted(
          message.mode,
          message.samplingInterval,
          message.exact,
          message.changes,
        );
      case 'no-sampler':
        return this.#loop.samplerRefused(message.reason, message.changes);
      case 'sampler-kept':
        return this.#loop.samplerKept();
      case 'trace':
        void this.#captures.load();
        this.#workers?.trace(message.samplingInterval);
        return this.#loop.trace(message.samplingInterval);
      case 'collected':
        return this.#collected(message.majors);
      case 'buffers':
        return this.#takeBuffers(message.batch);
      case 'points': {
        // Attribute everything pending: a counter must include all that was allocated by now.
        this.#sources.attribute(performance.now(), true);
        const { request, wanted } = message;
        return this.#send({ type: 'points', request, answers: this.#points.answers(wanted) });
      }
      case 'profile':
      case 'page':
      case 'cancel':
        return this.#requests.receive(message);
      case 'profile-readers':
        return this.#exports.setReaders(message.readers);
      case 'resource':
        return this.#exports.setResource(message.attributes);
      case 'component-function':
        return this.#addFunction(message.location, message.component);
      case 'yield-port':
        return void this.#servers.yieldPort(message.server);
      case 'serve-metrics':
        return void this.#servers.serveMetrics(message.address);
      case 'component':
        return this.#rename(message.component, message.isTraced);
      case 'capture-begin':
        return this.#beginCapture(message);
      case 'contexts':
        return this.#scopes.add(message.observed);
      case 'capture-end':
        return this.#captures.end(message.capture, message.isExact);
      case 'stop':
        void this.#finish();
    }
  }

  #addFunction(location: FunctionLocation, component: string): void {
    for (const { ledger } of this.#sources.all) ledger.sites.components.addFunction(location, component);
  }

  #beginCapture({
    capture,
    component,
    scope,
    again,
    exact,
  }: Extract<ToProfilerThread, { type: 'capture-begin' }>) {
    this.#captures.begin(capture, component, again && { whole: false }, scope, exact);
  }

  #rename(component: string, isTraced: boolean): void {
    for (const { ledger } of this.#sources.all) ledger.sites.components.rename(component);
    this.#points.rename(component);
    this.#servers.rename();
    if (isTraced) this.#captures.begin(PROCESS_CAPTURE, component, { whole: true });
  }

  #exactEnded(counts: ExactCounts, { isComplete }: ExactEnd): void {
    this.#log('info', exactText(counts.summary(performance.now()), isComplete));
    this.#setEndMillis();
    this.#captures.exactEnded(isComplete);
  }

  #setEndMillis(): void {
    this.#link.setEndMillis(this.#endMillis);
  }

  get #endMillis(): number {
    return this.#loop.exactCounts ? EXACT_END_MILLIS : 0;
  }

  #collected(times: readonly CollectionTimes[]): void {
    const toReadings = performance.now() - monotonicMillis();
    const majors = times.map(({ markMillis, sweepMillis, turnMillis }) => ({
      markMillis: markMillis + toReadings,
      sweepMillis: sweepMillis + toReadings,
      turnMillis: turnMillis + toReadings,
    }));
    this.#ledger.noteCollections({ scavenges: 0, majors });
    this.#collections.add(majors);
    this.#buffers.collected(majors);
    this.#loop.collected().catch((error: Error) => this.#pollFailed(error));
  }

  #takeBuffers(batch: BufferBatch): void {
    this.#link.tookBuffers();
    this.#buffers.take(batch, performance.now() - monotonicMillis());
  }

  #suspected(suspect: SuspectView): void {
    this.#send({ type: 'leak-suspect', suspect, attributes: leakEventAttributes(suspect) });
    void this.#limits.events.happened('leak', `leak suspected: ${suspect.message}`);
  }

  /** Called after a poll of a source. */
  #onReading(source: MemorySource): void {
    const { ledger, past, leaks } = source;
    const atMillis = performance.now();
    ledger.attribute(atMillis, false);
    if (this.#captures.count > 0) this.#captures.flush();
    if (isMainHeap(source)) this.#scopes.endPeriod();
    this.#viewing.flush();
    this.#peak.observe(this.#sources.all, atMillis);
    past.observe(ledger, atMillis);
    for (const suspect of leaks.observe(atMillis)) this.#suspected(suspect);
    this.#ownHeap.collectIfWorthwhile(atMillis);
  }

  #newWorkers(ledgers: LedgerFactory): Workers {
    return new Workers(
      {
        sources: this.#sources,
        stats: this.#stats,
        newLedger: () => ledgers.ofWorkerHeap(this.#ledger.sites.components.own),
        connect: connectWorkerTargets,
        onReading: (source) => this.#onReading(source),
        readyForRestart: () => this.#captures.idle(),
        onReplaced: (source) => this.#captures.samplerRestarts(source),
        isFollowed: () => this.#captures.count > 0,
        log: (level, text) => this.#log(level, text),
      },
      this.#options,
    );
  }

  #newCaptures(): Captures {
    return new Captures(
      {
        sources: this.#sources,
        stats: this.#stats,
        scopes: this.#scopes,
        pollNow: () => this.#polling.pollNow(),
        attribute: () => this.#sources.attribute(performance.now(), true),
        exactDone: () => this.#link.exactCaptureDone(),
        isExact: () => this.#loop.isExact,
        isExactLate: () => this.#link.isExactLate,
        log: (level, text) => this.#log(level, text),
      },
      capturesOptions(this.#options, (compression) => this.#compressions.add(compression)),
    );
  }

  #connectLimits(): ConnectedLimits {
    return connectLimits(this.#options, {
      sources: this.#sources,
      loop: this.#loop,
      leaks: this.#leaks,
      peak: () => this.#peak.mark,
      clock: this.#clock,
      startedMillis: this.#startedMillis,
      poller: this.#poller,
      kernel: () => this.#resident.kernel(),
      pollNow: () => this.#loop.pollNow(),
      stats: this.#stats,
      component: () => this.#ledger.sites.components.own,
      onNear: (near) => this.#send({ type: 'near-limit', ...near }),
      log: (level, text) => this.#log(level, text),
    });
  }

  #newViewing(): LiveViewing {
    return new LiveViewing(
      {
        sources: this.#sources,
        stats: this.#stats,
        attribute: () => this.#sources.attribute(performance.now(), true),
        log: (level, text) => this.#log(level, text),
      },
      feedOptions(this.#options, this.#options.samplingInterval),
    );
  }

  async #startServer(): Promise<void> {
    await this.#servers.start(await this.#whatPagesNeed());
  }

  /** Returns what profiles and pages are made of. */
  #whatPagesNeed(): Promise<PagesDeps> {
    this.#pagesDeps ??= this.#makePagesDeps();
    return this.#pagesDeps;
  }

  async #makePagesDeps(): Promise<PagesDeps> {
    const { pid, heapLimit } = this.#options;
    const name = () => this.#ledger.sites.components.own;
    const log: MainThreadLink['log'] = (level, text) => this.#log(level, text);
    const deps = { component: name, offHeap: () => this.#buffers.offHeap, stats: this.#stats, log };
    this.#parts = await profileParts(this.#options, deps);
    const pagesDeps: PagesDeps = {
      requests: () => {
        this.#profileRequests ??= loadRequests(pagesDeps);
        return this.#profileRequests;
      },
      sources: this.#sources,
      loop: this.#polling,
      stats: this.#stats,
      leaks: this.#leaks,
      clock: this.#clock,
      startedMillis: this.#startedMillis,
      parts: this.#parts.parts,
      peak: () => this.#peak.mark,
      process: { pid, heapLimit, name },
      figures: () => this.#figures(),
      objectCounts: () => this.#link.objectCounts(),
      mainMemory: () => this.#resident.memory(),
      resident: this.#resident,
      collect: () => this.#poller.collect(),
      collectionReported: (afterMillis) => this.#collections.after(afterMillis),
      snapshots: this.#poller,
    };
    return pagesDeps;
  }

  #figures(): OwnFigures {
    this.#exports.countDrops();
    return ownFigures(this.#sources, this.#stats, this.#leaks);
  }

  /** Returns the heaps of worker threads, in bytes; undefined without profiled ones. */
  #workerBytes(): number | undefined {
    return this.#workers?.heapBytes;
  }

  async #mainMemory(kernel: KernelMemory | undefined): Promise<MainMemory | undefined> {
    const memory = await this.#link.mainMemory({
      profilerBytes: ownMemoryBytes(),
      workerBytes: this.#workerBytes(),
      kernel,
    });
    if (memory?.resident.array_buffers !== undefined)
      this.#buffers.noteArrayBuffers(memory.resident.array_buffers);
    return memory;
  }

  /** Shuts down: polls a last time if a capture or viewer is open, finishes captures, closes everything. */
  #finish(): Promise<void> {
    this.#finishing ??= this.#end();
    return this.#finishing;
  }

  async #end(): Promise<void> {
    // Let requests for captures arrive that were sent just before the end.
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.race([this.#captures.idle(), timeout(LAST_POLL_MILLIS)]);
    if (!this.#link.isExiting) await Promise.race([this.#requests.settled(), timeout(LAST_POLL_MILLIS)]);
    // Poll only if a capture or viewer is open: only then does the main thread wait longer than a disconnect
    // takes.
    const isCapturing = this.#captures.count > 0 || this.#viewing.active;
    const isWaitedFor = isCapturing || this.#exports.isActive;
    const isPolled = isWaitedFor && (await this.#loop.pollLast(LAST_POLL_MILLIS + this.#endMillis));
    this.#link.polledLast();
    const exact = this.#loop.exactCounts;
    if (exact) this.#log('info', exactText(exact.summary(performance.now()), isPolled));
    // Begin now, and let captures end meanwhile: the main thread waits for both.
    const isExit = this.#link.isExiting;
    const exported = this.#exports.shutdown(isExit ? LAST_EXPORT_MILLIS : 2 * LAST_EXPORT_MILLIS, isExit);
    if (!isExit) await exported;
    this.#limits.guard?.stop();
    this.#loop.stop();
    this.#workers?.close();
    this.#sources.attribute(performance.now(), true);
    this.#captures.endAll(isPolled);
    await this.#viewing.end();
    await exported;
    this.#servers.close();
    this.#parts?.close();
    this.#resident.stop();
    this.#ownHeap.close();
    this.#stats.close();
    try {
      this.#poller.close();
    } catch {
      // The main thread has already closed its side.
    }
    this.#send({ type: 'released' });
    this.#compressions.finish(isCapturing ? LAST_COMPRESSION_MILLIS : LAST_COMPRESSION_MILLIS / 4);
    this.#link.finished();
    if (this.#link.isAbandoned) return stayIdle();
    this.#send({ type: 'stopped' });
    this.#link.close();
  }

  #pollFailed(error: Error): void {
    this.#log('error', `poll failed: ${error.message}`);
  }

  #send(message: FromProfilerThread): void {
    this.#link.send(message);
  }

  #log(level: 'debug' | 'info' | 'warn' | 'error', text: string): void {
    this.#link.log(level, text);
  }
}

async function loadRequests(deps: PagesDeps): Promise<ProfileRequests> {
  const { profileRequests } = await import('./requests/profile-requests.js');
  return profileRequests(deps);
}

/** Unreferenced: the message port keeps the thread alive while there is shutdown work to wait for. */
const timeout = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis).unref());
