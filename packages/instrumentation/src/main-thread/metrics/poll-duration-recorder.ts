import type { Histogram, Meter } from '@opentelemetry/api';
import type { PollDurations } from '../../protocol/metric-points.js';
import { MathMin, SafeWeakMap } from '../../protocol/primordials.js';

/**
 * Maximum number of polls recorded in one collection, each of which takes about a microsecond. The rest
 * follows in the next ones.
 */
const MAX_RECORDED = 2_000;

/**
 * Records poll durations, which the profiler thread has counted by bucket, in a histogram. Each poll is
 * recorded with the mean of its bucket: the API has no other way to add to a histogram. Count, sum and
 * buckets are exact.
 */
export class PollDurationRecorder {
  readonly #histogram: Histogram;
  #startedMillis: number | undefined;
  #counts: number[] = [];
  #millis: number[] = [];

  constructor(histogram: Histogram) {
    this.#histogram = histogram;
  }

  /**
   * Records the polls since the last call.
   *
   * @param durations of all polls since the start
   * @param startedMillis when counting began; another time starts over
   */
  record({ counts, millis }: PollDurations, startedMillis: number): void {
    if (startedMillis !== this.#startedMillis) {
      this.#counts = [];
      this.#millis = [];
    }
    this.#startedMillis = startedMillis;
    let left = MAX_RECORDED;
    for (let bucket = 0; bucket < counts.length; bucket++) {
      const more = (counts[bucket] ?? 0) - (this.#counts[bucket] ?? 0);
      const count = MathMin(more, left);
      if (count <= 0) continue;
      const mean = ((millis[bucket] ?? 0) - (this.#millis[bucket] ?? 0)) / more;
      for (let poll = 0; poll < count; poll++) this.#histogram.record(mean / 1000);
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
      this.#millis[bucket] = (this.#millis[bucket] ?? 0) + count * mean;
      left -= count;
    }
  }
}

const recorders = new SafeWeakMap<Meter, PollDurationRecorder>();

/** Returns the recorder of a meter: one, so that metrics that are attached again record no poll twice. */
export function recorderFor(meter: Meter, histogram: Histogram): PollDurationRecorder {
  const recorder = recorders.get(meter) ?? new PollDurationRecorder(histogram);
  recorders.set(meter, recorder);
  return recorder;
}
