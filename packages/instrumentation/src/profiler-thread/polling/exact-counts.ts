/** Upper bound of the objects that the request for a collection allocates; 6 are usual on Node 22 to 26. */
const MAX_OWN = 12;
/** Maximum share of the time that recording may seem to need, as the cost of a sample is measured only once. */
const MAX_SHARE = 0.99;

/** Numbers of recorded allocations, and their cost. */
export interface ExactSummary {
  /** Number of allocations recorded, and of those that were only counted. */
  readonly seen: number;
  readonly lost: number;
  readonly wallMillis: number;
  /** Time of the main thread for samples and polls, in ms. */
  readonly costMillis: number;
  /** Factor by which the main thread ran slower. */
  readonly slowdown: number;
}

/**
 * Counts what exact mode sees and misses. The request for a collection, right behind each poll, allocates some
 * objects that die in that collection. They are heapray's own, and as many each time: the smallest number so far.
 */
export class ExactCounts {
  readonly #sampleMicros: number;
  readonly #startMillis: number;
  #own = MAX_OWN;
  #isFirst = true;
  /** Number of own samples that were left out of the present poll. */
  #leftOut = 0;
  #seen = 0;
  #lost = 0;
  #pausedMillis = 0;

  /**
   * @param sampleMicros cost of one sample, in microseconds
   * @param startMillis time on the clock of {@link summary}
   */
  constructor(sampleMicros: number, startMillis: number) {
    this.#sampleMicros = sampleMicros;
    this.#startMillis = startMillis;
  }

  /** Records how many own samples were left out of the next poll, see `withoutOwnSamples`. */
  leaveOut(samples: number): void {
    this.#leftOut = samples;
  }

  /** Returns how many of the unseen samples of a poll are heapray's own, those left out included. */
  ownOf(unseen: number): number {
    const leftOut = Math.min(unseen, this.#leftOut);
    // No collection was requested before the first poll.
    if (this.#isFirst) return leftOut;
    this.#own = Math.min(this.#own, unseen - leftOut);
    return leftOut + this.#own;
  }

  /** Records a poll: new samples seen, unseen ones that are not heapray's own, and the pause in ms. */
  polled(seen: number, lost: number, pauseMillis: number): void {
    this.#isFirst = false;
    this.#seen += seen;
    this.#lost += lost;
    this.#pausedMillis += pauseMillis;
  }

  summary(nowMillis: number): ExactSummary {
    const wallMillis = nowMillis - this.#startMillis;
    const sampled = ((this.#seen + this.#lost) * this.#sampleMicros) / 1000;
    const costMillis = Math.min(MAX_SHARE * wallMillis, sampled + this.#pausedMillis);
    const slowdown = wallMillis > 0 ? wallMillis / (wallMillis - costMillis) : 1;
    return { seen: this.#seen, lost: this.#lost, wallMillis, costMillis, slowdown };
  }
}

/** Describes in a sentence what exact mode has recorded. */
export function exactText({ seen, lost, wallMillis, costMillis, slowdown }: ExactSummary): string {
  const seconds = (millis: number) => (millis / 1000).toFixed(1);
  const missed = lost > 0 ? `, and ${lost} more that are only counted` : ' and none missed';
  return (
    `exact mode: ${seen} allocations recorded${missed} in ${seconds(wallMillis)} s; recording took ` +
    `${seconds(costMillis)} s of the main thread, which ran ${slowdown.toFixed(1)} times slower`
  );
}
