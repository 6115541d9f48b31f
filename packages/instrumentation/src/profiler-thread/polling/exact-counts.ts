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
