import type { HeapPoller, PollResult } from '../../src/source/heap-poller.js';
import type { SamplingProfile } from '../../src/source/sampling-profile.js';
import { Readings, type ShownSample } from './readings.js';

/** A sampler's reader whose answers the test decides; like the real one it has one question open at a time. */
export class FakePoller implements HeapPoller {
  /** When each poll was asked for, on the test's clock. */
  readonly times: number[] = [];
  /** What it says when asked; may be a promise that is kept later. */
  answer: () => PollResult | Promise<PollResult> = () => this.reading([]);
  #readings = new Readings();
  #open = false;

  async poll(): Promise<PollResult> {
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

  close(): void {}

  /** An answer with these live samples. */
  reading(samples: readonly ShownSample[], latencyMillis = 1): PollResult {
    return { status: 'ok', profile: this.#readings.of(samples) as SamplingProfile, latencyMillis };
  }

  /** Somebody else has started a sampler anew: its ids begin again. */
  restarted(): void {
    this.#readings = new Readings();
  }
}
