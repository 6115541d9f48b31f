import v8 from 'node:v8';
import type { MessagePort } from 'node:worker_threads';
import {
  ABANDONED,
  type CollectionTimes,
  ControlWord,
  type FromProfilerThread,
  type ProfilerThreadOptions,
  type ToProfilerThread,
} from '../protocol/messages.js';
import type { ObjectCountTable } from '../protocol/object-count-table.js';
import { STACK_DEPTH } from '../protocol/sampler-mode.js';
import { monotonicMillis, risingClock, steadyClock } from '../protocol/steady-clock.js';
import type { ComponentCaptureOptions } from './captures/capture-options.js';
import { Captures } from './captures/captures.js';
import { Compressions } from './captures/compressions.js';
import { feedOptions } from './captures/feed-options.js';
import { HighWaterMarkTracker } from './history/high-water-mark.js';
import { PastStates } from './history/past-states.js';
import { LeakWatch } from './leaks/leak-watch.js';
import { Ledger } from './ledger/index.js';
import { LiveViewing, NOT_ALLOWED } from './live-viewing.js';
import { cgroupLimit, readKernelMemory } from './metrics/kernel-memory.js';
import { MetricPointsSource } from './metrics/metric-points-source.js';
import type { OwnFigures } from './metrics/own-series.js';
import { leakEventAttributes } from './metrics/site-growth.js';
import { connectHeapPoller, type HeapPoller } from './polling/heap-poller.js';
import { PollLoop } from './polling/poll-loop.js';
import { connectStats } from './stats/connect-stats.js';
import { connectOwnHeap, OwnHeap } from './stats/own-heap.js';
import type { ProfilerStats } from './stats/profiler-stats.js';
import { stayIdle } from './stay-idle.js';
import { FrameResolver } from './symbolize/index.js';

/** Longest wait for the last poll when the process exits, in ms. */
const LAST_POLL_MILLIS = 500;
/** Time for compressing captures at the end, in ms; the main thread stops waiting after twice that. */
const LAST_COMPRESSION_MILLIS = 1_000;
/**
 * Longest wait of a profile for the object counts of a busy main thread, in ms; `go tool pprof` waits 1.5 N
 * for N seconds.
 */
const OBJECT_COUNTS_MILLIS = 250;
const PROCESS_CAPTURE = 0;
/** Gap between kept past states, in leak windows: a minute by default. */
const PAST_WINDOWS = 3;

/**
 * Runs in the profiler thread: polls the main thread's sampler, updates the ledger, writes captures and
 * serves profiles. Talks to the main thread by messages. At the very end, when the main thread can no longer
 * receive messages, it uses the words of a shared buffer.
 */
export class Profiler {
  readonly #options: ProfilerThreadOptions;
  readonly #port: MessagePort;
  readonly #control: Int32Array;
  readonly #stats: ProfilerStats;
  readonly #poller: HeapPoller;
  readonly #ownHeapPorts = connectOwnHeap();
  readonly #ownHeap = new OwnHeap(this.#ownHeapPorts);
  readonly #ledger: Ledger;
  readonly #loop: PollLoop;
  readonly #clock = steadyClock();
  readonly #startedMillis = this.#clock();
  readonly #risingClock = risingClock(this.#startedMillis);
  readonly #captures: Captures;
  readonly #compressions: Compressions;
  readonly #viewing: LiveViewing;
  readonly #leaks: LeakWatch;
  readonly #points: MetricPointsSource;
  readonly #peak = new HighWaterMarkTracker();
  readonly #past: PastStates;
  readonly #waiting = new Map<number, (table: ObjectCountTable | undefined) => void>();
  #nextRequest = 1;
  #server: { close(): void } | undefined;
  #finishing: Promise<void> | undefined;

  constructor(options: ProfilerThreadOptions) {
    this.#options = options;
    this.#port = options.port;
    this.#control = new Int32Array(options.control);
    this.#stats = connectStats(this.#control);
    this.#poller = connectHeapPoller();
    const resolver = new FrameResolver({
      report: (text) => this.#log('info', text),
      workingFolder: options.workingFolder,
    });
    this.#ledger = new Ledger({
      samplingInterval: options.samplingInterval,
      packageOf: (file) => resolver.packages.packageOf(file).name,
      versionOf: (file) => resolver.packages.packageOf(file).version,
      originalOf: (frame) => resolver.of(frame).frame,
      shortFileOf: (file) => resolver.shortFileOf(file),
      isAloneOnLine: (frame) => resolver.isAloneOnLine(frame),
      component: options.component,
      stackDepth: STACK_DEPTH,
    });
    if (options.isResumed) this.#ledger.resume();
    this.#loop = new PollLoop(
      {
        ledger: this.#ledger,
        poller: this.#poller,
        stats: this.#stats,
        startSampler: (request) => this.#send({ type: 'start-sampler', ...request }),
        // Captures about to begin must record the live samples, which a restart loses.
        readyForRestart: () => this.#captures.idle(),
        beforeRestart: () => this.#captures.samplerRestarts(),
        onStartAnew: () => this.#leaks.startAnew(),
        isFollowed: () => this.#captures.count > 0,
        onReading: () => this.#onReading(),
        takeScavenges: () => Atomics.exchange(this.#control, ControlWord.scavenges, 0),
        log: (level, text) => this.#log(level, text),
      },
      options,
    );
    const log = (level: 'warn' | 'error', text: string) => this.#log(level, text);
    this.#compressions = new Compressions({ stats: this.#stats, log });
    this.#captures = this.#newCaptures();
    this.#viewing = this.#newViewing();
    this.#past = new PastStates({
      windowMillis: PAST_WINDOWS * options.leakWindowSeconds * 1000,
      startMillis: performance.now(),
    });
    this.#leaks = new LeakWatch(this.#ledger, {
      windowMillis: options.leakWindowSeconds * 1000,
      heapLimit: options.heapLimit,
    });
    this.#points = new MetricPointsSource({
      ledger: this.#ledger,
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
        memoryBytes: ownMemory(),
        kernel: readKernelMemory(),
      }),
      earlier: options.lastAnswers,
    });
  }

  start(): void {
    this.#port.on('message', (message: ToProfilerThread) => this.#receive(message));
    this.#awaitExit();
    const { processCapture, mode, memrayLivePort, traced, endedThreads } = this.#options;
    const isFirst = endedThreads.length === 0;
    if (traced) void this.#captures.load();
    if (processCapture !== undefined && isFirst) this.#captures.begin(PROCESS_CAPTURE, processCapture);
    void this.#captures.idle().then(() => {
      if (mode) this.#loop.samplerStarted(mode);
      else this.#loop.samplerRefused('taken');
      // Captures of an earlier thread begin only now: a poll is needed to see what is alive.
      if (processCapture !== undefined && !isFirst)
        this.#captures.begin(PROCESS_CAPTURE, processCapture, { whole: true });
    });
    if (memrayLivePort !== undefined) void this.#viewing.start(memrayLivePort, this.#options.mayListen);
    this.#startServer().catch((error: Error) => this.#serverFailed(error));
  }

  #receive(message: ToProfilerThread): void {
    switch (message.type) {
      case 'sampler':
        return this.#loop.samplerStarted(message.mode, message.samplingInterval);
      case 'no-sampler':
        return this.#loop.samplerRefused(message.reason);
      case 'sampler-kept':
        return this.#loop.samplerKept();
      case 'trace':
        void this.#captures.load();
        return this.#loop.trace(message.samplingInterval);
      case 'collected':
        return this.#collected(message.majors);
      case 'points': {
        // Attribute everything pending: a counter must include all that was allocated by now.
        this.#ledger.attribute(performance.now(), true);
        const { request, wanted } = message;
        return this.#send({ type: 'points', request, answers: this.#points.answers(wanted) });
      }
      case 'object-counts':
        return this.#waiting.get(message.request)?.(message.table);
      case 'component-function':
        return this.#ledger.sites.components.addFunction(message.location, message.component);
      case 'close-server':
        this.#server?.close();
        Atomics.store(this.#control, ControlWord.serverClosed, 1);
        Atomics.notify(this.#control, ControlWord.serverClosed);
        return;
      case 'component':
        return this.#rename(message.component, message.isTraced);
      case 'capture-begin':
        return this.#captures.begin(message.capture, message.component, message.again && { whole: false });
      case 'capture-end':
        return this.#captures.end(message.capture);
      case 'stop':
        void this.#finish();
    }
  }

  #rename(component: string, isTraced: boolean): void {
    this.#ledger.sites.components.rename(component);
    this.#points.rename(component);
    if (isTraced) this.#captures.begin(PROCESS_CAPTURE, component, { whole: true });
  }

  #collected(times: readonly CollectionTimes[]): void {
    const toReadings = performance.now() - monotonicMillis();
    const majors = times.map(({ markMillis, sweepMillis, turnMillis }) => ({
      markMillis: markMillis + toReadings,
      sweepMillis: sweepMillis + toReadings,
      turnMillis: turnMillis + toReadings,
    }));
    this.#ledger.noteCollections({ scavenges: 0, majors });
    this.#loop.collected().catch((error: Error) => this.#pollFailed(error));
  }

  #onReading(): void {
    const atMillis = performance.now();
    this.#ledger.attribute(atMillis, false);
    if (this.#captures.count > 0) this.#captures.flush();
    this.#viewing.flush();
    this.#peak.observe(this.#ledger, atMillis);
    this.#past.observe(this.#ledger, atMillis);
    for (const suspect of this.#leaks.observe(atMillis))
      this.#send({ type: 'leak-suspect', suspect, attributes: leakEventAttributes(suspect) });
    this.#ownHeap.collectIfWorthwhile(atMillis);
  }

  #figures(): OwnFigures {
    const { counts } = this.#ledger;
    const stats = this.#stats;
    const drops = { ...stats.drops };
    if (counts.lostSamples > 0) drops.sampler_lost = counts.lostSamples;
    if (counts.foldedStacks > 0) drops.tree_full = counts.foldedStacks;
    const { foldedStacks: sitesFolded } = this.#ledger.sites;
    if (sitesFolded > 0) drops.call_sites_full = sitesFolded;
    return {
      samples: counts.samples,
      unseenSamples: counts.unseenSamples,
      shortLivedSamples: counts.shortLivedSamples,
      liveSamples: counts.liveSamples,
      samplingInterval: this.#ledger.samplingInterval,
      carriedOverBytes: this.#ledger.carriedOver.totalBytes,
      uncollectedBytes: this.#ledger.uncollectedBytes,
      majorCollections: this.#ledger.reachability.majors,
      leakWindows: this.#leaks.progress.windows,
      undecidedSites: this.#leaks.progress.undecidedSites,
      polls: stats.polls,
      completePairs: counts.completePairs,
      interruptedPairs: counts.interruptedPairs,
      drops,
      lostSampler: stats.lostSampler,
      cpuSeconds: stats.cpuMillis() / 1000,
      memoryBytes: ownMemory(),
      cgroupLimit: cgroupLimit(),
    };
  }

  #newCaptures(): Captures {
    const { home, maxCaptureBytes, maxCaptures, captureOverflow, memrayCompress, endedThreads } =
      this.#options;
    const onFinished: ComponentCaptureOptions['onFinished'] = memrayCompress
      ? (compression) => this.#compressions.add(compression)
      : undefined;
    return new Captures(
      {
        ledger: this.#ledger,
        stats: this.#stats,
        pollNow: () => this.#loop.pollNow(),
        attribute: () => this.#ledger.attribute(performance.now(), true),
        log: (level, text) => this.#log(level, text),
      },
      {
        ...feedOptions(this.#options),
        home,
        maxCaptureBytes,
        maxCaptures,
        aggregateOverflow: captureOverflow === 'aggregate',
        endedThreads,
        onFinished,
      },
    );
  }

  #newViewing(): LiveViewing {
    return new LiveViewing(
      {
        ledger: this.#ledger,
        stats: this.#stats,
        settle: () => this.#ledger.attribute(performance.now(), true),
        log: (level, text) => this.#log(level, text),
      },
      feedOptions(this.#options),
    );
  }

  async #startServer(): Promise<void> {
    const { debugAddress, debugServerDelayMillis, allowGc, mayListen } = this.#options;
    if (!debugAddress) return;
    if (!mayListen) throw new Error(NOT_ALLOWED);
    if (debugServerDelayMillis > 0) await timeout(debugServerDelayMillis);
    const [{ startDebugServer }, { profileProvider }] = await Promise.all([
      import('./server/debug-server.js'),
      import('./profile-provider.js'),
    ]);
    const provider = profileProvider({
      ledger: this.#ledger,
      loop: this.#loop,
      stats: this.#stats,
      leaks: this.#leaks,
      past: this.#past,
      clock: this.#clock,
      startedMillis: this.#startedMillis,
      peak: () => this.#peak.mark,
      objectCounts: () => this.#objectCounts(),
      collect: () => this.#poller.collect(),
    });
    const server = await startDebugServer(debugAddress, provider, { allowGc });
    if (this.#finishing) return server.close();
    this.#server = server;
    this.#send({ type: 'listening', address: server.address });
  }

  #serverFailed(error: Error): void {
    this.#stats.drop('debug_server');
    this.#send({ type: 'not-listening', why: error.message });
  }

  /** Asks the main thread for V8's object counts; undefined if it does not answer in time. */
  #objectCounts(): Promise<ObjectCountTable | undefined> {
    const request = this.#nextRequest++;
    return new Promise((resolve) => {
      const answer = (table: ObjectCountTable | undefined) => {
        clearTimeout(timer);
        this.#waiting.delete(request);
        resolve(table);
      };
      const timer = setTimeout(() => answer(undefined), OBJECT_COUNTS_MILLIS);
      this.#waiting.set(request, answer);
      this.#send({ type: 'object-counts-wanted', request });
    });
  }

  #awaitExit(): void {
    const { async: waiting, value } = Atomics.waitAsync(this.#control, ControlWord.exit, 0);
    if (waiting) void value.then(() => this.#finish());
    else void this.#finish();
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
    // Poll only if a capture or viewer is open: only then does the main thread wait longer than a disconnect
    // takes.
    const isWaitedFor = this.#captures.count > 0 || this.#viewing.active;
    const lastPoll = () => this.#loop.pollNow().catch((error: Error) => this.#pollFailed(error));
    if (isWaitedFor) await Promise.race([lastPoll(), timeout(LAST_POLL_MILLIS)]);
    this.#tell(1);
    this.#loop.stop();
    this.#ledger.attribute(performance.now(), true);
    this.#captures.endAll();
    await this.#viewing.end();
    this.#server?.close();
    this.#ownHeapPorts.close();
    this.#stats.close();
    try {
      this.#poller.close();
    } catch {
      // The main thread has already closed its side.
    }
    this.#send({ type: 'released' });
    this.#compressions.finish(isWaitedFor ? LAST_COMPRESSION_MILLIS : LAST_COMPRESSION_MILLIS / 4);
    this.#tell(2);
    if (this.#isAbandoned) return stayIdle();
    this.#send({ type: 'stopped' });
    this.#port.close();
  }

  get #isAbandoned(): boolean {
    return Atomics.load(this.#control, ControlWord.exit) === ABANDONED;
  }

  #pollFailed(error: Error): void {
    this.#log('error', `poll failed: ${error.message}`);
  }

  #tell(done: number): void {
    Atomics.store(this.#control, ControlWord.done, done);
    Atomics.notify(this.#control, ControlWord.done);
  }

  #send(message: FromProfilerThread): void {
    if (!this.#isAbandoned) this.#port.postMessage(message);
  }

  #log(level: 'debug' | 'info' | 'warn' | 'error', text: string): void {
    this.#send({ type: 'log', level, text });
  }
}

/** Unreferenced: the message port keeps the thread alive while there is shutdown work to wait for. */
const timeout = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis).unref());

function ownMemory(): number {
  const { total_heap_size: heap, malloced_memory: malloced } = v8.getHeapStatistics();
  return heap + malloced;
}
