import type { HeapPoller, HeapUsage } from './heap-poller.js';

export interface ExactScheduleOptions {
  /** Bytes that the main thread's young generation holds until V8 collects it. */
  readonly youngBytes: number;
  readonly heapUsage: HeapPoller['heapUsage'];
  /** Waits a time, in ms. Default: a timer. */
  readonly sleep?: (millis: number) => Promise<void>;
  /** Returns ms on a monotonic clock. Default: `performance.now`. */
  readonly now?: () => number;
}

/** Time between two questions for the use of the heap, in ms. Each costs the main thread microseconds. */
const STEP_MILLIS = 4;
const MIB = 2 ** 20;
/** Share of the young generation after which a poll is due, so that the poll comes before V8's collection. */
const DUE_SHARE = 0.4;
/** A larger young generation leaves more time for a late poll, and does not make polls larger. */
const MAX_YOUNG_BYTES = 16 * MIB;
/** The share becomes smaller after a loss, down to this. */
const LEAST_SHARE = 0.05;
const AFTER_LOSS = 0.5;
const AFTER_SUCCESS = 1.05;
/** Longest gap, in ms, and as a multiple of the pause of a poll: deaths are known at this granularity. */
const MAX_GAP_MILLIS = 250;
const MAX_GAP_PAUSES = 10;
/** Shortest gap, as a share of the pause of a poll: a program waits for at most ten times of what it runs. */
const MIN_GAP_PAUSES = 0.1;
/**
 * Growth since the last major collection after which one is due: in bytes, and as a share of the heap. V8 collects by itself
 * after 1.1 times the heap and the young generation's size at the earliest, and after some 64 MiB of Buffers.
 */
const MAJOR_BYTES = 8 * MIB;
const MAJOR_SHARE = 1 / 12;
const MAJOR_BUFFER_BYTES = 32 * MIB;

/**
 * Plans the polls of exact mode. A poll is due before V8 would collect the young generation, as objects that die before
 * they are polled are only counted. So the gap follows the allocated bytes, and it grows with the live objects, which
 * each poll shows. Major collections are due behind a poll too, before V8 needs one between two polls.
 */
export class ExactSchedule {
  readonly #options: ExactScheduleOptions;
  readonly #sleep: (millis: number) => Promise<void>;
  readonly #now: () => number;
  #share = DUE_SHARE;
  #pauseMillis = 0;
  #isStopped = false;
  /** Use of the heap after the last major collection, as far as that is known. */
  #afterMajor: HeapUsage | undefined;
  #isMajorDue = false;

  constructor(options: ExactScheduleOptions) {
    this.#options = options;
    this.#sleep = options.sleep ?? ((millis) => new Promise((resolve) => setTimeout(resolve, millis)));
    this.#now = options.now ?? (() => performance.now());
  }

  /** Allocated bytes after which a poll is due. */
  get dueBytes(): number {
    return Math.min(MAX_YOUNG_BYTES, this.#options.youngBytes) * this.#share;
  }

  /** Resolves to true when a poll is due; to false once stopped. */
  async due(): Promise<boolean> {
    const start = this.#now();
    const longest = Math.max(MAX_GAP_MILLIS, MAX_GAP_PAUSES * this.#pauseMillis);
    const shortest = MIN_GAP_PAUSES * this.#pauseMillis;
    const { heapUsage } = this.#options;
    const usage = await heapUsage();
    if (usage) this.#note(usage);
    const before = usage?.usedBytes;
    for (;;) {
      if (this.#isStopped) return false;
      await this.#sleep(STEP_MILLIS);
      const used = (await heapUsage())?.usedBytes;
      if (this.#isStopped) return false;
      const millis = this.#now() - start;
      const isFull = before === undefined || used === undefined || used - before >= this.dueBytes;
      // Less is in use after a collection of V8's own: it may have hidden something.
      const isCollected = before !== undefined && used !== undefined && used < before;
      if (millis >= longest || ((isFull || isCollected) && millis >= shortest)) return true;
    }
  }

  /**
   * Records a poll.
   *
   * @param pauseMillis time for which it stopped the program, in ms
   * @param isLossless true if it has shown every allocation since the one before
   */
  polled(pauseMillis: number, isLossless: boolean): void {
    this.#pauseMillis = pauseMillis;
    const share = this.#share * (isLossless ? AFTER_SUCCESS : AFTER_LOSS);
    this.#share = Math.min(DUE_SHARE, Math.max(LEAST_SHARE, share));
  }

  /** True if a major collection should come before the next poll. */
  get isMajorDue(): boolean {
    return this.#isMajorDue;
  }

  /** Records that there was a major collection behind a poll. */
  collected(): void {
    this.#afterMajor = undefined;
    this.#isMajorDue = false;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Takes the use of the heap right behind a poll, without garbage of the young generation. */
  #note(usage: HeapUsage): void {
    this.#afterMajor ??= usage;
    const { usedBytes, bufferBytes = 0 } = this.#afterMajor;
    const grown = usage.usedBytes - usedBytes >= Math.max(MAJOR_BYTES, MAJOR_SHARE * usedBytes);
    const hasBuffers = (usage.bufferBytes ?? 0) - bufferBytes >= MAJOR_BUFFER_BYTES;
    this.#isMajorDue = grown || hasBuffers;
  }
}
