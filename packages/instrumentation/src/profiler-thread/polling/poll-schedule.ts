/**
 * Schedules polls. Gaps between pairs are exponential, hence memoryless: a sample's wait for the next poll
 * has the same distribution from any moment, on which the allocation estimator relies. They are also never in
 * step with the application's own timers. The mean gap follows from a CPU budget and the measured cost of a
 * pair.
 */
export interface PollScheduleOptions {
  /** Returns the share of one core that these polls may take, with all threads, e.g. 0.005. */
  readonly cpuBudget: () => number;
  /** Shortest and longest mean gap, in ms. */
  readonly minGapMillis: number;
  readonly maxGapMillis: number;
  /** Mean bytes between samples. */
  readonly samplingInterval: number;
  /** Source of uniform random numbers in [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
  /** Extra cost that the schedule before has not compensated, in ms. Default: 0. */
  readonly owedMillis?: number;
}

/**
 * Weight of the newest measured rate in the moving average. Programs work in bursts: a pair sized for the
 * quiet time before a burst would be interrupted by a collection, so that the burst would go unseen.
 */
const SMOOTHING = 0.5;
/**
 * Number of costs whose median is the cost of a pair: first pairs run cold code, and single ones hit a busy
 * machine.
 */
const KEPT_COSTS = 15;
/** Number of pairs at the start with the shortest gap: without statistics nothing can be attributed. */
const FIRST_PAIRS = 12;
/**
 * Bounds of the bytes allocated in a pair. It should contain some samples but end before the next scavenge
 * (semi-spaces are 16 MiB by default).
 */
const MIN_PAIR_BYTES = 512 * 1024;
const MAX_PAIR_BYTES = 8 * 1024 * 1024;
const FIRST_PAIR_BYTES = 4 * 1024 * 1024;
const MIN_PAIR_MILLIS = 1;
const MAX_PAIR_MILLIS = 250;
/**
 * Time over which extra cost is compensated, in ms, and maximum cost, as the time in which the budget would
 * pay it.
 */
const SPREAD_MILLIS = 30_000;
const MAX_OWED_MILLIS = 60_000;
/** Minimum share of the budget for pairs. */
const LEAST_SHARE = 0.25;

export class PollSchedule {
  readonly #options: PollScheduleOptions;
  readonly #random: () => number;
  readonly #costs: number[] = [];
  #pairs = 0;
  #owedMillis: number;
  #bytesPerMilli: number | undefined;
  #pairBytes = FIRST_PAIR_BYTES;

  constructor(options: PollScheduleOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#owedMillis = options.owedMillis ?? 0;
  }

  /** Extra cost that is not compensated yet, in ms. */
  get owedMillis(): number {
    return this.#owedMillis;
  }

  /** Current mean gap between pairs, in ms. */
  get meanGapMillis(): number {
    const { minGapMillis, maxGapMillis } = this.#options;
    const cpuBudget = this.#options.cpuBudget();
    if (this.#pairs < FIRST_PAIRS) return minGapMillis;
    const cost = median(this.#costs);
    const owed = this.#owedMillis / Math.max(SPREAD_MILLIS, cost / cpuBudget);
    const wanted = cost / Math.max(LEAST_SHARE * cpuBudget, cpuBudget - owed);
    return Math.min(maxGapMillis, Math.max(minGapMillis, wanted));
  }

  /** Draws the next gap, in ms. */
  nextGapMillis(): number {
    const mean = this.meanGapMillis;
    // Compensate later for the first pairs, which come faster than the budget allows.
    this.#owe(median(this.#costs) - mean * this.#options.cpuBudget());
    return -Math.log(1 - this.#random()) * mean;
  }

  /** Time to wait inside a pair, in ms. */
  get pairMillis(): number {
    const rate = this.#bytesPerMilli ?? 0;
    const wanted = rate > 0 ? this.#pairBytes / rate : MAX_PAIR_MILLIS;
    return Math.min(MAX_PAIR_MILLIS, Math.max(MIN_PAIR_MILLIS, wanted));
  }

  /** Records the cost of a pair, in ms: pauses of the main thread plus CPU time of the profiler thread. */
  recordCost(millis: number): void {
    this.#pairs++;
    this.#costs.push(millis);
    if (this.#costs.length > KEPT_COSTS) this.#costs.shift();
  }

  /**
   * Records the cost since the last call of everything except pairs, in ms: samples, garbage collections,
   * profiles for clients. Gaps grow, to four times their length at most, until all of it has fitted into the
   * budget. Cost that would take longer than a minute is dropped.
   */
  recordExtraCost(millis: number): void {
    this.#owe(millis);
  }

  #owe(millis: number): void {
    const most = this.#options.cpuBudget() * MAX_OWED_MILLIS;
    this.#owedMillis = Math.min(most, Math.max(0, this.#owedMillis + millis));
  }

  /** Records the number of samples taken in a time, in ms, to track the allocation rate. */
  recordRate(samples: number, millis: number): void {
    if (millis <= 0) return;
    this.#bytesPerMilli = smooth(this.#bytesPerMilli, (samples * this.#options.samplingInterval) / millis);
  }

  /** Adapts the length of pairs: shorter after one that a collection interrupted, slowly longer after complete ones. */
  recordPair(isComplete: boolean): void {
    const bytes = this.#pairBytes * (isComplete ? 1.05 : 0.8);
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
