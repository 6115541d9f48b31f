import { threadRunMillis } from './v8-threads.js';

/** `process.threadCpuUsage` exists from Node 23.9 and 22.19 on. */
interface ThreadCpuUsage {
  threadCpuUsage?(): { readonly user: number; readonly system: number };
}

/** Where the account gets its figures from; all are ms since some moment, and never fall. */
export interface CpuSources {
  /** CPU time of the profiler thread. */
  readonly thread: () => number;
  /** CPU time of V8's worker threads, which work for all threads of the process; undefined when unknown. */
  readonly v8Threads?: (() => number | undefined) | undefined;
  /** How long collections of the profiler thread's garbage took. */
  readonly ownCollections?: () => number;
  /** How long collections of the main thread's garbage took. */
  readonly hostCollections?: () => number;
  /** Ends observations. */
  readonly close?: () => void;
}

/** CPU time by what it was spent on, ms. */
export interface CpuParts {
  /** The profiler thread, its garbage collections included. */
  readonly thread: number;
  /** The main thread: answers to polls and the like. */
  readonly pauses: number;
  /** The main thread: samples that V8 took. */
  readonly sampling: number;
  /** V8's worker threads, as far as they worked for the profiler thread. */
  readonly v8Threads: number;
}

/** The durations of so many polls wait for a reader. */
export const MAX_KEPT_POLLS = 10_000;
/**
 * What V8 takes for a sample, in microseconds: a constant, and something for each frame of its stack. Measured on Node 22 and
 * 24: 1.9 at 14 frames, 2.8 at 23, 4.8 at 43, 7.7 at 73, 12.8 at 128.
 */
const SAMPLE_MICROS = 0.5;
const FRAME_MICROS = 0.1;
/** V8's worker threads are looked at so often, ms: that is five small files. */
const V8_THREADS_EVERY_MILLIS = 5_000;
/** No collection keeps more of V8's worker threads busy than there are. */
const V8_THREADS = 4;

/** What the profiler did and what it cost. */
export class SelfAccount {
  polls = 0;
  readonly drops: Record<string, number> = {};
  readonly lostSampler: Record<string, number> = {};
  readonly #sources: CpuSources;
  #pollMillis: number[] = [];
  #pausedMillis = 0;
  #samplingMillis = 0;
  #sampleMicros = SAMPLE_MICROS + 14 * FRAME_MICROS;
  #v8ThreadsMillis = 0;
  #v8ThreadsAt = Number.NEGATIVE_INFINITY;
  #last: { readonly v8Threads: number; readonly own: number; readonly host: number };

  constructor(sources: CpuSources = { thread: threadCpuMillis }) {
    this.#sources = sources;
    this.#last = this.#collections(0);
  }

  addPoll(millis: number): void {
    this.polls++;
    this.#pausedMillis += millis;
    // Nobody may be reading: keep no more than a scrape interval's worth.
    if (this.#pollMillis.length < MAX_KEPT_POLLS) this.#pollMillis.push(millis);
    else this.drop('poll_duration');
  }

  /** The main thread was kept from its work by something other than a poll, ms. */
  addPause(millis: number): void {
    this.#pausedMillis += millis;
  }

  /**
   * Takes how many samples V8 has taken.
   *
   * @param frames mean number of frames of their stacks; undefined when none of them was seen
   */
  addSamples(samples: number, frames: number | undefined): void {
    if (frames !== undefined) {
      this.#sampleMicros += DEPTH_SMOOTHING * (SAMPLE_MICROS + FRAME_MICROS * frames - this.#sampleMicros);
    }
    this.#samplingMillis += (samples * this.#sampleMicros) / 1000;
  }

  /** What a sample costs the main thread, microseconds: an estimate from the depth of stacks. */
  get sampleMicros(): number {
    return this.#sampleMicros;
  }

  takePollMillis(): readonly number[] {
    const taken = this.#pollMillis;
    this.#pollMillis = [];
    return taken;
  }

  drop(reason: string, count = 1): void {
    if (count > 0) this.drops[reason] = (this.drops[reason] ?? 0) + count;
  }

  /** The last reason that `lostSampler` counts; `starting` before the first. */
  lastLost = 'starting';

  lose(reason: string): void {
    this.lastLost = reason;
    this.lostSampler[reason] = (this.lostSampler[reason] ?? 0) + 1;
  }

  /** CPU time of this thread and of the main thread's answers so far, ms: what single pieces of work are measured by. */
  workMillis(): number {
    return this.#sources.thread() + this.#pausedMillis;
  }

  /** All CPU time that profiling has cost the process so far, ms. */
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
   * Takes a part of what V8's worker threads have done: that of this thread's collections in the time of all collections that
   * are known. Call now and then.
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

  /** @param v8ThreadsMillis what V8's threads are thought to have done when that is not told */
  #collections(v8ThreadsMillis: number) {
    const { v8Threads, ownCollections, hostCollections } = this.#sources;
    return {
      own: ownCollections?.() ?? 0,
      host: hostCollections?.() ?? 0,
      v8Threads: v8Threads?.() ?? v8ThreadsMillis,
    };
  }
}

/** How quickly depths of stacks that were are forgotten. */
const DEPTH_SMOOTHING = 0.2;

/** CPU time of the calling thread, ms. Where nothing tells it, the time in which its event loop had something to do. */
export function threadCpuMillis(): number {
  const usage = (process as ThreadCpuUsage).threadCpuUsage?.();
  if (usage) return (usage.user + usage.system) / 1000;
  return threadRunMillis() ?? performance.eventLoopUtilization().active;
}
