/**
 * When to poll. Gaps between pairs are exponential: memoryless, so a sample's wait for the next poll looks
 * the same from any moment, which the allocation estimator relies on, and never in step with the
 * application's own timers. The mean gap follows from a CPU budget and the measured cost of a pair.
 */
export interface PollScheduleOptions {
  /** Share of one core that profiling may take, with all threads, e.g. 0.005. */
  readonly cpuBudget: number;
  /** Shortest and longest mean gap in ms. */
  readonly minGapMillis: number;
  readonly maxGapMillis: number;
  /** Mean bytes between samples. */
  readonly samplingInterval: number;
  /** A source of uniform random numbers in [0, 1). */
  readonly random?: () => number;
}

/**
 * How quickly the measured rate is forgotten: the newest value counts half. Programs work in bursts, and a
 * pair that is sized for the quiet before a burst is cut by a collection, so the burst goes unseen.
 */
const SMOOTHING = 0.5;
/** The cost of a pair is the median of so many: the first ones run cold code, and single ones meet a busy machine. */
const KEPT_COSTS = 15;
/** So many pairs at the start are made at the shortest gap: without evidence nothing can be attributed. */
const FIRST_PAIRS = 12;
/** A pair should hold some samples and yet end before the next scavenge (semi-spaces are 16 MiB by default). */
const MIN_PAIR_BYTES = 512 * 1024;
const MAX_PAIR_BYTES = 8 * 1024 * 1024;
const FIRST_PAIR_BYTES = 4 * 1024 * 1024;
const MIN_PAIR_MILLIS = 1;
const MAX_PAIR_MILLIS = 250;
/** What does not belong to pairs is made room for during so long, and what would take longer than the second is forgotten. */
const SPREAD_MILLIS = 30_000;
const MAX_OWED_MILLIS = 60_000;
/** Pairs have this part of the budget in any case. */
const LEAST_SHARE = 0.25;

export class PollSchedule {
  readonly #options: PollScheduleOptions;
  readonly #random: () => number;
  readonly #costs: number[] = [];
  #pairs = 0;
  /** Cost of what does not belong to pairs that they have not made room for yet, ms. */
  #owedMillis = 0;
  #bytesPerMilli: number | undefined;
  #pairBytes = FIRST_PAIR_BYTES;

  constructor(options: PollScheduleOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  /** The current mean of the gaps between pairs, ms. */
  get meanGapMillis(): number {
    const { cpuBudget, minGapMillis, maxGapMillis } = this.#options;
    if (this.#pairs < FIRST_PAIRS) return minGapMillis;
    const cost = median(this.#costs);
    const owed = this.#owedMillis / Math.max(SPREAD_MILLIS, cost / cpuBudget);
    const wanted = cost / Math.max(LEAST_SHARE * cpuBudget, cpuBudget - owed);
    return Math.min(maxGapMillis, Math.max(minGapMillis, wanted));
  }

  /** Draws the next gap in ms. */
  nextGapMillis(): number {
    const mean = this.meanGapMillis;
    // The first pairs come faster than the budget allows; that is owed too.
    this.#owe(median(this.#costs) - mean * this.#options.cpuBudget);
    return -Math.log(1 - this.#random()) * mean;
  }

  /** How long to wait inside a pair, ms. */
  get pairMillis(): number {
    const rate = this.#bytesPerMilli ?? 0;
    const wanted = rate > 0 ? this.#pairBytes / rate : MAX_PAIR_MILLIS;
    return Math.min(MAX_PAIR_MILLIS, Math.max(MIN_PAIR_MILLIS, wanted));
  }

  /** Takes the cost of a pair: pauses of the main thread plus CPU time of the profiler thread, ms. */
  recordCost(millis: number): void {
    this.#pairs++;
    this.#costs.push(millis);
    if (this.#costs.length > KEPT_COSTS) this.#costs.shift();
  }

  /**
   * Takes the cost of what does not belong to pairs since the last call, ms: samples, garbage collections, profiles that
   * clients ask for. Gaps grow, to four times their length at most, until all of it has fitted into the budget; what would take
   * longer than a minute is forgotten.
   */
  recordExtraCost(millis: number): void {
    this.#owe(millis);
  }

  #owe(millis: number): void {
    const most = this.#options.cpuBudget * MAX_OWED_MILLIS;
    this.#owedMillis = Math.min(most, Math.max(0, this.#owedMillis + millis));
  }

  /** Takes how many samples were taken in how many ms, to follow the allocation rate. */
  recordRate(samples: number, millis: number): void {
    if (millis <= 0) return;
    this.#bytesPerMilli = smooth(this.#bytesPerMilli, (samples * this.#options.samplingInterval) / millis);
  }

  /** A pair cut by a collection was too long for this young generation; whole ones may grow again. */
  recordPair(whole: boolean): void {
    const bytes = this.#pairBytes * (whole ? 1.05 : 0.8);
    this.#pairBytes = Math.min(MAX_PAIR_BYTES, Math.max(MIN_PAIR_BYTES, bytes));
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

function smooth(old: number | undefined, value: number): number {
  return old === undefined ? value : old + SMOOTHING * (value - old);
}
