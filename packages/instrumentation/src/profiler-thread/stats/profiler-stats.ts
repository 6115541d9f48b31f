import { PollDurationBuckets } from './poll-durations.js';
import { threadRunMillis } from './v8-threads.js';

/** `process.threadCpuUsage` exists from Node 23.9 and 22.19 on. */
interface ThreadCpuUsage {
  threadCpuUsage?(): { readonly user: number; readonly system: number };
}

/** Sources of the statistics's figures; each returns ms since some moment, and never decreases. */
export interface CpuSources {
  /** CPU time of the profiler thread. */
  readonly thread: () => number;
  /** CPU time of V8's worker threads, which work for all threads of the process; undefined when unknown. */
  readonly v8Threads?: (() => number | undefined) | undefined;
  /** Total duration of the profiler thread's garbage collections. */
  readonly ownCollections?: () => number;
  /** Total duration of the main thread's garbage collections. */
  readonly hostCollections?: () => number;
  /** Stops the observers behind these figures. */
  readonly close?: () => void;
}

/** CPU time by purpose, in ms. */
export interface CpuParts {
  /** Profiler thread, its garbage collections included. */
  readonly thread: number;
  /** Main thread: answers to polls and other requests, and what these cost it besides. */
  readonly pauses: number;
  /** Main thread: taking samples. */
  readonly sampling: number;
  /** V8's worker threads, for the profiler thread's share. */
  readonly v8Threads: number;
}

/**
 * Cost of a sample in V8, in microseconds: a constant plus a part for each frame of its stack. Measured on Node 24 at 64 KiB
 * in a program that sleeps between its turns, as services do: 10.1 at 8 frames, 11.2 at 18, 13.6 at 33, 23.9 at 63. On Node 22
 * and 26: 10.8 and 7.1 at 18. A loop without sleep keeps V8's code and tables in the processor's caches, and pays a fifth.
 */
const SAMPLE_MICROS = 8;
const FRAME_MICROS = 0.22;
/**
 * CPU time that a poll costs beyond its pause and the profiler thread's work, in ms. Measured on Node 24 with programs that run
 * beside each other, one with many polls and one with few: the main thread took 0.4 to 1.1 ms more for each poll (median of nine
 * runs 0.7), pause included, and V8's worker threads 0.1 to 0.3 ms. The processor's caches are a likely cause.
 */
export const DISTURBANCE_MILLIS = 0.5;
/**
 * Interval for reading the CPU time of V8's worker threads, in ms; each time reads up to five small files.
 */
const V8_THREADS_EVERY_MILLIS = 5_000;
/** Number of V8's worker threads: a collection cannot keep more of them busy. */
const V8_THREADS = 4;

/** Counts what the profiler did and what it cost. */
export class ProfilerStats {
  polls = 0;
  readonly drops: Record<string, number> = {};
  readonly lostSampler: Record<string, number> = {};
  readonly #sources: CpuSources;
  readonly pollDurations: PollDurationBuckets = new PollDurationBuckets();
  #pausedMillis = 0;
  #samplingMillis = 0;
  #sampleMicros = SAMPLE_MICROS + 15 * FRAME_MICROS;
  #v8ThreadsMillis = 0;
  #v8ThreadsAt = Number.NEGATIVE_INFINITY;
  #last: { readonly v8Threads: number; readonly own: number; readonly host: number };

  constructor(sources: CpuSources = { thread: threadCpuMillis }) {
    this.#sources = sources;
    this.#last = this.#collections(0);
  }

  /** @param millis time for which the poll stopped the main thread */
  addPoll(millis: number): void {
    this.polls++;
    this.#pausedMillis += millis + DISTURBANCE_MILLIS;
    this.pollDurations.add(millis);
  }

  /** Adds a pause of the main thread other than a poll, in ms. */
  addPause(millis: number): void {
    this.#pausedMillis += millis;
  }

  /**
   * Adds the cost of samples that V8 has taken.
   *
   * @param frames mean number of frames in their stacks; undefined if none of them was seen
   */
  addSamples(samples: number, frames: number | undefined): void {
    if (frames !== undefined) {
      this.#sampleMicros += DEPTH_SMOOTHING * (SAMPLE_MICROS + FRAME_MICROS * frames - this.#sampleMicros);
    }
    this.#samplingMillis += (samples * this.#sampleMicros) / 1000;
  }

  /** Estimated cost of a sample on the main thread, in microseconds, from the depth of stacks. */
  get sampleMicros(): number {
    return this.#sampleMicros;
  }

  drop(reason: string, count = 1): void {
    if (count > 0) this.drops[reason] = (this.drops[reason] ?? 0) + count;
  }

  /** Last reason counted in `lostSampler`; `starting` before the first. */
  lastLost = 'starting';

  recordSamplerLoss(reason: string): void {
    this.lastLost = reason;
    this.lostSampler[reason] = (this.lostSampler[reason] ?? 0) + 1;
  }

  /** Counts the loss of a worker's sampler. */
  recordWorkerLoss(reason: string): void {
    this.lostSampler[reason] = (this.lostSampler[reason] ?? 0) + 1;
  }

  /**
   * CPU time of this thread and of the main thread's pauses so far, in ms. Used to measure single pieces of
   * work.
   */
  workMillis(): number {
    return this.#sources.thread() + this.#pausedMillis;
  }

  /** CPU time that profiling has cost the whole process so far, in ms. */
  cpuMillis(): number {
    const { thread, pauses, sampling, v8Threads } = this.cpuParts();
    return thread + pauses + sampling + v8Threads;
  }

  cpuParts(): CpuParts {
    return {
      thread: this.#sources.thread(),
      pauses: this.#pausedMillis,
      sampling: this.#samplingMillis,
      v8Threads: this.#v8ThreadsMillis,
    };
  }

  /**
   * Charges a share of the V8 worker threads' CPU time: this thread's part of the time of all known
   * collections. Call often; it does the work at most every 5 s.
   */
  lookAtV8Threads(atMillis: number): void {
    if (atMillis - this.#v8ThreadsAt < V8_THREADS_EVERY_MILLIS) return;
    this.#v8ThreadsAt = atMillis;
    const now = this.#collections(this.#last.v8Threads);
    const own = Math.max(0, now.own - this.#last.own);
    const all = own + Math.max(0, now.host - this.#last.host);
    const worked = this.#sources.v8Threads ? Math.max(0, now.v8Threads - this.#last.v8Threads) : own;
    this.#last = now;
    if (all > 0) this.#v8ThreadsMillis += Math.min((worked * own) / all, V8_THREADS * own);
  }

  close(): void {
    this.#sources.close?.();
  }

  /**
   * Reads the collection times.
   *
   * @param v8ThreadsMillis value to use when the time of V8's threads is unknown
   */
  #collections(v8ThreadsMillis: number) {
    const { v8Threads, ownCollections, hostCollections } = this.#sources;
    return {
      own: ownCollections?.() ?? 0,
      host: hostCollections?.() ?? 0,
      v8Threads: v8Threads?.() ?? v8ThreadsMillis,
    };
  }
}

/** Weight of the newest stack depths in the moving average, 0 to 1. */
const DEPTH_SMOOTHING = 0.2;

/**
 * CPU time of the calling thread, in ms. Where it is unavailable, returns the active time of the event loop.
 */
export function threadCpuMillis(): number {
  const usage = (process as ThreadCpuUsage).threadCpuUsage?.();
  if (usage) return (usage.user + usage.system) / 1000;
  return threadRunMillis() ?? performance.eventLoopUtilization().active;
}
