/**
 * Maximum share of the time that recording may seem to need. The cost of a sample is measured once, and stacks differ in depth, so
 * a larger share means nothing any more.
 */
const MAX_SHARE = 0.95;

/** Numbers of recorded allocations, and their cost. */
export interface ExactSummary {
  /** Number of allocations recorded, and of those that were only counted. */
  readonly seen: number;
  readonly lost: number;
  readonly wallMillis: number;
  /** Time of the main thread for samples and polls, in ms. */
  readonly costMillis: number;
  /** Factor by which the main thread ran slower; a lower bound if `isBounded`. */
  readonly slowdown: number;
  readonly isBounded: boolean;
}

/** Counts what exact mode sees and misses, and measures its cost. */
export class ExactCounts {
  readonly #sampleMicros: number;
  readonly #startMillis: number;
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

  /** Records a poll: new samples seen, unseen ones, and the pause in ms. */
  polled(seen: number, lost: number, pauseMillis: number): void {
    this.#seen += seen;
    this.#lost += lost;
    this.#pausedMillis += pauseMillis;
  }

  summary(nowMillis: number): ExactSummary {
    const wallMillis = nowMillis - this.#startMillis;
    const sampled = ((this.#seen + this.#lost) * this.#sampleMicros) / 1000;
    const cost = sampled + this.#pausedMillis;
    const isBounded = cost > MAX_SHARE * wallMillis;
    const costMillis = isBounded ? MAX_SHARE * wallMillis : cost;
    const slowdown = wallMillis > 0 ? wallMillis / (wallMillis - costMillis) : 1;
    return { seen: this.#seen, lost: this.#lost, wallMillis, costMillis, slowdown, isBounded };
  }
}

/**
 * Describes in a sentence what exact mode has recorded.
 *
 * @param isComplete true if a poll has shown everything until the end
 */
export function exactText(summary: ExactSummary, isComplete: boolean): string {
  const { seen, lost, wallMillis, costMillis, slowdown, isBounded } = summary;
  const seconds = (millis: number) => (millis / 1000).toFixed(1);
  const known = lost > 0 ? `, and ${lost} more that are only counted` : ' and none missed';
  const missed = isComplete ? known : `${known} until the last poll, an unknown number after it,`;
  const least = isBounded ? 'at least ' : '';
  return (
    `exact mode: ${seen} allocations recorded${missed} in ${seconds(wallMillis)} s; recording took ${least}` +
    `${seconds(costMillis)} s of the main thread, which ran ${least}${slowdown.toFixed(1)} times slower`
  );
}
