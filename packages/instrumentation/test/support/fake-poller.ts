import type { HeapPoller, PollResult } from '../../src/profiler-thread/polling/heap-poller.js';
import type { SamplingProfile } from '../../src/profiler-thread/polling/sampling-profile.js';
import { INTERVAL } from './ledger-sums.js';
import { Readings, type ShownSample } from './readings.js';

/** A poller with answers from the test; like the real one it allows only one pending poll. */
export class FakePoller implements HeapPoller {
  /** Times of all polls, on the test's clock. */
  readonly times: number[] = [];
  /** Makes the next answer; may return a promise that resolves later. */
  answer: () => PollResult | Promise<PollResult> = () => this.reading([]);
  /** Bytes in use, for each question; undefined if V8 refuses. */
  usedBytes: (() => number) | undefined;
  /** Waits that polls of exact mode have allowed, in ms. */
  readonly waits: number[] = [];
  /** Number of polls with a major collection behind them. */
  majors = 0;
  /** Number of requests to end exact mode. */
  exactEnds = 0;
  #readings = new Readings();
  #open = false;

  async poll(waitMillis?: number, isMajor = false): Promise<PollResult> {
    if (waitMillis !== undefined) this.waits.push(waitMillis);
    if (isMajor) this.majors++;
    if (this.#open) throw new Error('asked again before it had answered');
    this.#open = true;
    this.times.push(performance.now());
    try {
      return await this.answer();
    } finally {
      this.#open = false;
    }
  }

  async collect(): Promise<void> {}

  async heapUsage() {
    const usedBytes = this.usedBytes?.();
    return usedBytes === undefined ? undefined : { usedBytes, committedBytes: 0, bufferBytes: undefined };
  }

  endExact(): void {
    this.exactEnds++;
  }

  close(): void {}

  /** Returns an answer with these live samples, scaled up to `INTERVAL` as V8 does it. */
  reading(samples: readonly ShownSample[], latencyMillis = 1): PollResult {
    return this.readingAt(INTERVAL, samples, latencyMillis);
  }

  /** As `reading`, of a sampler with another interval. */
  readingAt(intervalBytes: number, samples: readonly ShownSample[], latencyMillis = 1): PollResult {
    const scaled = samples.map((sample) => ({ ...sample, size: scaledSize(sample.size, intervalBytes) }));
    return { status: 'ok', profile: this.#readings.of(scaled) as SamplingProfile, latencyMillis };
  }

  /** Restarts the sampler, as other code might: its ids restart. */
  restarted(): void {
    this.#readings = new Readings();
  }
}

/** Returns the bytes that V8 shows for one sample of this size. */
export function scaledSize(size: number, intervalBytes = INTERVAL): number {
  return size * Math.round(1 / -Math.expm1(-size / intervalBytes));
}
