import { type CaptureCompression, type CaptureError, isTransient } from '@heapray/exporter/sinks';
import type { ProfilerStats } from '../stats/profiler-stats.js';

export interface CompressionsDeps {
  readonly stats: ProfilerStats;
  readonly log: (level: 'warn' | 'error', text: string) => void;
}

/** A capture to compress. */
interface Job {
  /** Opens the capture; throws a `CaptureError`. */
  readonly begin: () => CaptureCompression;
  /** The open compression; undefined while the job waits to be retried. */
  compression: CaptureCompression | undefined;
  /** Pause before the next try, in ms; 0 before the first failure. */
  pauseMillis: number;
  /** When the next try is due, in ms. */
  dueMillis: number;
}

/** Pause between steps, in ms. A step compresses 1 MiB in about 10 ms; polls run in between. */
const PAUSE_MILLIS = 5;
const FIRST_RETRY_MILLIS = 1_000;
const MAX_RETRY_MILLIS = 60_000;
/** Maximum number of jobs; with more, a job that fails is given up instead of retried. */
const MAX_WAITING = 1_000;
/**
 * Errors worth a retry: a full disk may have room again soon, and the uncompressed capture is still complete.
 */
const DISK_FULL: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Compresses finished captures one after another, in small steps. A failure leaves the capture uncompressed
 * but complete. Temporary failures (no file descriptor, memory or space) are retried after 1 s, then with
 * doubled pauses of up to a minute.
 */
export class Compressions {
  readonly #deps: CompressionsDeps;
  readonly #queue: Job[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: CompressionsDeps) {
    this.#deps = deps;
  }

  /** True if captures are waiting for compression or being compressed. */
  get busy(): boolean {
    return this.#queue.length > 0;
  }

  add(begin: () => CaptureCompression): void {
    const job: Job = { begin, compression: undefined, pauseMillis: 0, dueMillis: 0 };
    this.#queue.push(job);
    // Open the file at once and keep the descriptor, so that the inode number cannot be reused.
    this.#attempt(job, () => this.#begun(job));
    this.#plan();
  }

  /**
   * Compresses as much as fits into this time, without pauses or retries. Gives up captures early that would
   * take too long; they stay uncompressed.
   *
   * @param millis time available, in ms
   */
  finish(millis: number): void {
    clearTimeout(this.#timer);
    const start = performance.now();
    let done = 0;
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      const compression = this.#attempt(next, () => this.#begun(next), true);
      if (!compression) continue;
      const before = compression.bytesLeft;
      this.#step(next, compression, true);
      done += before - compression.bytesLeft;
      if (this.#queue[0] !== next) continue;
      const spent = performance.now() - start;
      if (spent + (compression.bytesLeft * spent) / Math.max(1, done) <= millis) continue;
      compression.abandon();
      this.#queue.shift();
      this.#deps.stats.drop('compression');
      this.#deps.log('warn', `no time left to compress ${compression.path}: it stays as it is`);
    }
  }

  #plan(): void {
    if (!this.busy) return;
    clearTimeout(this.#timer);
    const now = performance.now();
    const next = this.#queue.reduce((first, job) => (job.dueMillis < first.dueMillis ? job : first));
    this.#timer = setTimeout(
      () => {
        const compression = this.#attempt(next, () => this.#begun(next));
        if (compression) this.#step(next, compression);
        this.#plan();
      },
      Math.max(PAUSE_MILLIS, next.dueMillis - now),
    );
  }

  #begun(job: Job): CaptureCompression {
    job.compression ??= job.begin();
    return job.compression;
  }

  #step(job: Job, compression: CaptureCompression, isLast = false): void {
    if (this.#attempt(job, () => compression.step(), isLast)) this.#remove(job);
  }

  /** Does a part of a job. If it fails, schedules a retry or gives the job up. */
  #attempt<T>(job: Job, work: () => T, isLast = false): T | undefined {
    try {
      return work();
    } catch (error) {
      job.compression = undefined;
      if (isLast || !mayPass(error) || this.#queue.length > MAX_WAITING) this.#giveUp(job, error as Error);
      else this.#retryLater(job, error as Error);
      return undefined;
    }
  }

  #retryLater(job: Job, error: Error): void {
    if (job.pauseMillis === 0) this.#deps.log('warn', `${error.message}; trying again`);
    job.pauseMillis = Math.min(MAX_RETRY_MILLIS, Math.max(FIRST_RETRY_MILLIS, 2 * job.pauseMillis));
    job.dueMillis = performance.now() + job.pauseMillis;
  }

  #giveUp(job: Job, error: Error): void {
    this.#remove(job);
    this.#deps.stats.drop('compression');
    this.#deps.log('error', `${error.message}; the capture stays as it is`);
  }

  #remove(job: Job): void {
    this.#queue.splice(this.#queue.indexOf(job), 1);
  }
}

function mayPass(error: unknown): boolean {
  return isTransient(error) || DISK_FULL.has((error as CaptureError).code);
}
