import type { ExactStart } from '../../protocol/messages.js';
import { monotonicMillis } from '../../protocol/steady-clock.js';
import { ExactCounts } from './exact-counts.js';
import { ExactSchedule } from './exact-schedule.js';
import { OwnSampleFilter } from './own-samples.js';
import type { ExactDeps, ExactEnd } from './poll-loop-deps.js';

/** Number of live objects above which exact mode ends: each poll shows all, and each takes some 300 bytes here. */
const MAX_EXACT_OBJECTS = 400_000;

/** What exact mode needs of a poll. */
export interface ExactPoll {
  /** Number of allocations that it has shown first, and of those that it has only counted. */
  readonly fresh: number;
  readonly unseen: number;
  readonly live: number;
}

export interface ExactRunOptions {
  readonly exact: ExactDeps;
  /** True if what was alive before was seen by an earlier profiler thread. */
  readonly isResuming: boolean;
  /** Number of live objects above which exact mode ends. Default: 400,000. */
  readonly maxObjects: number | undefined;
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

/** Exact mode from its begin to its end: how often it polls, what it has counted, and why it was asked to end. */
export class ExactRun {
  readonly schedule: ExactSchedule;
  readonly counts: ExactCounts;
  readonly filter: OwnSampleFilter;
  readonly #options: ExactRunOptions;
  #endReason: string | undefined;
  #hasEnded = false;

  constructor({ youngBytes, sampleMicros, startedMillis }: ExactStart, options: ExactRunOptions) {
    const { poller } = options.exact;
    this.schedule = new ExactSchedule({ youngBytes, heapUsage: () => poller.heapUsage() });
    this.counts = new ExactCounts(sampleMicros, performance.now() - (monotonicMillis() - startedMillis));
    this.filter = new OwnSampleFilter(options.isResuming);
    this.#options = options;
  }

  /** Reason why the main thread was asked to end it; undefined if it was not. */
  get endReason(): string | undefined {
    return this.#endReason;
  }

  /**
   * Polls as often as exact mode needs, until it ends.
   *
   * @param ready resolves when a capture that is about to begin would get the events of a poll
   */
  async follow(poll: () => Promise<void>, ready: () => Promise<void>): Promise<void> {
    while (!this.#hasEnded && (await this.schedule.due())) {
      await ready();
      if (!this.#hasEnded) await poll();
    }
  }

  /** Reads a poll while the program waits for that. */
  async whileWaiting<T>(read: () => Promise<T>): Promise<T> {
    const { setReading } = this.#options.exact;
    setReading(true);
    try {
      return await read();
    } finally {
      setReading(false);
    }
  }

  /** Records a poll and its pause in ms, and asks for the end if too much is alive. */
  polled({ fresh, unseen, live }: ExactPoll, pauseMillis: number): void {
    const { exact, log, maxObjects = MAX_EXACT_OBJECTS } = this.#options;
    this.counts.polled(fresh, unseen, pauseMillis);
    this.schedule.polled(pauseMillis, unseen === 0);
    if (unseen > 0) exact.onLost(unseen);
    if (live <= maxObjects || this.#endReason !== undefined) return;
    this.#endReason = `${live} objects are alive, and exact mode follows ${maxObjects} at most`;
    log('warn', `exact mode ends, allocations are sampled from now on: ${this.#endReason}`);
    exact.poller.endExact();
  }

  end(end: ExactEnd): void {
    this.#hasEnded = true;
    this.schedule.stop();
    this.#options.exact.onEnd(this.counts, end);
  }
}
