import { threadId } from 'node:worker_threads';
import type { WorkerName } from '../../protocol/memory-origin.js';
import type { ProfilerThreadOptions, SamplerRequest } from '../../protocol/messages.js';
import { PAST_WINDOWS, PastStates } from '../history/past-states.js';
import { LeakWatch } from '../leaks/leak-watch.js';
import type { Ledger } from '../ledger/index.js';
import { PollLoop, TRACED_CPU_BUDGET } from '../polling/poll-loop.js';
import type { PollLoopOptions } from '../polling/poll-loop-deps.js';
import type { MemorySource } from '../sources/memory-source.js';
import type { MemorySources } from '../sources/memory-sources.js';
import type { ProfilerStats } from '../stats/profiler-stats.js';
import { WorkerAdmission } from './worker-admission.js';
import { WorkerSampler } from './worker-sampler.js';
import { WorkerStats } from './worker-stats.js';
import type { WorkerTarget } from './worker-target.js';
import type { WorkerTargetHandlers } from './worker-targets.js';

export interface WorkersDeps {
  readonly sources: MemorySources;
  readonly stats: ProfilerStats;
  /** Makes the ledger of a worker's heap. */
  readonly newLedger: () => Ledger;
  /** Connects to all workers. Default: `connectWorkerTargets` */
  readonly connect: (handlers: WorkerTargetHandlers) => { close(): void };
  /** Called after every poll of a worker. */
  readonly onReading: (source: MemorySource) => void;
  /** See `PollLoopDeps`. */
  readonly readyForRestart: () => Promise<void>;
  readonly onReplaced: (source: MemorySource) => void;
  readonly isFollowed: () => boolean;
  readonly log: (level: 'debug' | 'info' | 'warn' | 'error', text: string) => void;
}

export type WorkersOptions = PollLoopOptions &
  Pick<ProfilerThreadOptions, 'leakWindowSeconds' | 'samplerBinding'>;

/** Part of the CPU budget that all workers share; the rest is for the main thread. */
const WORKERS_SHARE = 0.5;
/** Number of workers that are polled for a profile, and the time for it, in ms. */
const POLLED_AT_ONCE = 16;
const POLL_MILLIS = 250;

interface ProfiledWorker {
  readonly source: MemorySource;
  readonly loop: PollLoop;
  readonly sampler: WorkerSampler;
}

/** Profiles the heaps of the application's worker threads, each as a memory source of its own. */
export class Workers implements WorkerTargetHandlers {
  readonly #deps: WorkersDeps;
  readonly #options: WorkersOptions;
  readonly #admission = new WorkerAdmission();
  readonly #profiled = new Map<WorkerTarget, ProfiledWorker>();
  #connection: { close(): void } | undefined;
  #isClosed = false;
  #toldProblem = false;
  #toldFailure = false;
  /** Sampling interval of tracing, once that has begun. */
  #tracedInterval: number | undefined;

  constructor(deps: WorkersDeps, options: WorkersOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  start(): void {
    try {
      this.#connection = this.#deps.connect(this);
    } catch (error) {
      this.#deps.log('warn', `worker threads cannot be profiled: ${(error as Error).message}`);
    }
  }

  /** Physical bytes of the heaps of all profiled workers; undefined without any. */
  get heapBytes(): number | undefined {
    let sum = 0;
    for (const { sampler } of this.#profiled.values()) sum += sampler.heapBytes;
    return sum > 0 ? sum : undefined;
  }

  attached(target: WorkerTarget): void {
    // A thread without a number is one of Node's own, which loads modules.
    if (this.#isClosed || target.threadId === threadId || Number.isNaN(target.threadId)) return;
    const delay = this.#admission.delayMillis(performance.now());
    const begin = () => void this.#begin(target).catch((error: Error) => this.#failed(error));
    if (delay === 0) begin();
    else setTimeout(begin, delay).unref();
  }

  detached(target: WorkerTarget): void {
    const worker = this.#profiled.get(target);
    this.#profiled.delete(target);
    if (!worker) return;
    worker.loop.stop();
    this.#deps.sources.remove(worker.source, performance.now());
  }

  /** Polls more often from now on, also workers that start later; see `PollLoop.trace`. */
  trace(samplingInterval: number): void {
    this.#tracedInterval = samplingInterval;
    for (const { loop } of this.#profiled.values()) loop.trace(samplingInterval);
  }

  /** Polls all workers that answer soon, if they are not too many. */
  async pollNow(): Promise<void> {
    if (this.#profiled.size === 0 || this.#profiled.size > POLLED_AT_ONCE) return;
    const polls = [...this.#profiled.values()].map(({ loop }) => loop.pollNow().catch(() => {}));
    await Promise.race([
      Promise.all(polls),
      new Promise((resolve) => setTimeout(resolve, POLL_MILLIS).unref()),
    ]);
  }

  close(): void {
    this.#isClosed = true;
    for (const { loop } of this.#profiled.values()) loop.stop();
    try {
      this.#connection?.close();
    } catch {
      // The main thread has already closed its side.
    }
  }

  async #begin(target: WorkerTarget): Promise<void> {
    if (this.#isClosed || target.hasEnded) return this.#skipped(target);
    const stats = new WorkerStats(this.#deps.stats);
    const spent = (millis: number) => stats.addWork(millis);
    const sampler = new WorkerSampler(target, { binding: this.#options.samplerBinding, spent });
    const setUp = await sampler.setUp();
    if (!setUp || this.#isClosed || target.hasEnded) return this.#skipped(target, sampler.failure);
    const thread = { id: target.threadId, name: target.threadName || 'worker' };
    const source = this.#newSource(thread, setUp.heapLimit);
    const loop = this.#newLoop(source, sampler, stats);
    if (this.#tracedInterval !== undefined) loop.trace(this.#tracedInterval);
    this.#profiled.set(target, { source, loop, sampler });
    this.#deps.sources.add(source);
    this.#deps.log('debug', `profiling worker thread ${thread.id} (${thread.name})`);
    await this.#startSampler(loop, sampler, { samplingInterval: source.ledger.samplingInterval });
  }

  #skipped(target: WorkerTarget, failure?: string): void {
    if (this.#isClosed) return;
    this.#deps.stats.drop('worker_skipped');
    if (failure === undefined || target.hasEnded) return;
    // Further ones fail for the same reason.
    const level = this.#toldFailure ? 'debug' : 'warn';
    this.#toldFailure = true;
    this.#deps.log(level, `worker thread ${target.threadId} is not profiled: ${failure}`);
  }

  #newSource(thread: WorkerName, heapLimit: number): MemorySource {
    const windowMillis = this.#options.leakWindowSeconds * 1000;
    const ledger = this.#deps.newLedger();
    const origin = { kind: 'heap', thread } as const;
    return {
      ...origin,
      ledger,
      leaks: new LeakWatch(ledger, { windowMillis, heapLimit, origin }),
      past: new PastStates({ windowMillis: PAST_WINDOWS * windowMillis, startMillis: performance.now() }),
    };
  }

  #newLoop(source: MemorySource, sampler: WorkerSampler, stats: WorkerStats): PollLoop {
    const { readyForRestart, onReplaced, isFollowed, onReading, log } = this.#deps;
    const { ledger, leaks, thread } = source;
    const share = (budget: number) => (budget * WORKERS_SHARE) / Math.max(1, this.#profiled.size);
    const { cpuBudget } = this.#options;
    const loop: PollLoop = new PollLoop(
      {
        ledger,
        poller: sampler,
        stats,
        startSampler: (request) =>
          void this.#startSampler(loop, sampler, request).catch((error: Error) => this.#failed(error)),
        readyForRestart,
        onReplaced: () => onReplaced(source),
        onSamplerLost: () => leaks.samplerLost(),
        onIntervalChanged: () => leaks.intervalChanged(),
        isFollowed,
        isFillingWindows: () => leaks.isFillingWindows,
        onReading: () => onReading(source),
        takeScavenges: () => 0,
        // A worker that waits for work in `Atomics.wait`, or is in native code, allocates nothing.
        onOverdue: () => {},
        log: (level, text) => log(level === 'info' ? 'debug' : level, `worker ${thread?.id}: ${text}`),
      },
      {
        ...this.#options,
        get cpuBudget() {
          return share(cpuBudget);
        },
        get tracedCpuBudget() {
          return share(Math.max(cpuBudget, TRACED_CPU_BUDGET));
        },
      },
    );
    return loop;
  }

  async #startSampler(loop: PollLoop, sampler: WorkerSampler, request: SamplerRequest): Promise<void> {
    const { samplingInterval, replaceUntilMillis } = request;
    if (replaceUntilMillis !== undefined) await sampler.stop();
    const { mode, problem } = await sampler.start(samplingInterval);
    // The end of a worker is not a loss of its sampler.
    if (this.#isClosed || sampler.hasEnded) return;
    if (mode === 'taken' || mode === 'failed') return loop.samplerRefused(mode);
    if (mode === 'inspector' && !this.#toldProblem) {
      this.#toldProblem = true;
      const why = problem === '' ? '' : `: ${problem}`;
      this.#deps.log('info', `polls of worker threads force a garbage collection, so they are rare${why}`);
    }
    loop.samplerStarted(mode, samplingInterval);
  }

  #failed(error: Error): void {
    this.#deps.log('error', `worker threads: ${error.message}`);
  }
}
