export interface IntervalPolicyOptions {
  /** Samples alive at which the interval becomes larger. */
  readonly maxLiveSamples: number;
  /** Whether the interval is the default, which becomes larger where its cost would be noticed. */
  readonly isAdaptive: boolean;
}

/** What the next interval depends on. */
export interface SamplingState {
  /** Mean bytes between samples, at present. */
  readonly samplingInterval: number;
  readonly liveSamples: number;
  readonly samplesPerSecond: number;
  /** What a sample costs the main thread, microseconds. */
  readonly sampleMicros: number;
  /** Share of one core that profiling may take. */
  readonly cpuBudget: number;
  /** Whether a larger interval is out of the question, because it would lose single samples or save nothing. */
  readonly mayNotCoarsen: boolean;
}

/** An interval that the sampler should be restarted at. */
export interface IntervalChange {
  readonly samplingInterval: number;
  readonly reason: 'coarsened' | 'traced';
}

/** How much larger the interval becomes when too many samples are alive: a quarter of them will be alive then. */
const COARSER = 4;
const MAX_SAMPLING_INTERVAL = 2 ** 30;
/**
 * The default interval suits small heaps. A poll stops the main thread for about a microsecond a live sample, taking a
 * sample costs about two. Beyond these bounds the interval becomes larger, up to `maxInterval`.
 */
const ADAPTIVE = {
  maxLiveSamples: 6_000,
  maxSamplesPerSecond: 1_250,
  samplingShare: 0.5,
  maxInterval: 2 ** 19,
} as const;

/** Decides when a running sampler needs another interval: larger when it costs too much, smaller for a capture. */
export class IntervalPolicy {
  readonly #options: IntervalPolicyOptions;
  #tracedInterval: number | undefined;

  constructor(options: IntervalPolicyOptions) {
    this.#options = options;
  }

  /** A component of this process is traced from now on; its captures want this interval, or a smaller one. */
  trace(samplingInterval: number): void {
    this.#tracedInterval = samplingInterval;
  }

  /** Returns the change that is due; undefined while the present interval is right. */
  next(state: SamplingState): IntervalChange | undefined {
    const { samplingInterval } = state;
    if (this.#tracedInterval !== undefined && samplingInterval > this.#tracedInterval) {
      return { samplingInterval: this.#tracedInterval, reason: 'traced' };
    }
    const larger = state.mayNotCoarsen ? undefined : this.#larger(state);
    return larger === undefined ? undefined : { samplingInterval: larger, reason: 'coarsened' };
  }

  #larger(state: SamplingState): number | undefined {
    const { samplingInterval, liveSamples, samplesPerSecond, sampleMicros, cpuBudget } = state;
    const { maxLiveSamples, isAdaptive } = this.#options;
    const larger = samplingInterval * COARSER;
    if (liveSamples > maxLiveSamples && larger <= MAX_SAMPLING_INTERVAL) return larger;
    if (!isAdaptive || samplingInterval >= ADAPTIVE.maxInterval) return undefined;
    // With deep stacks a sample costs more, so that fewer fit into the budget.
    const affordable = (ADAPTIVE.samplingShare * cpuBudget * 1e6) / sampleMicros;
    const maxPerSecond = Math.min(ADAPTIVE.maxSamplesPerSecond, affordable);
    const isCostly = liveSamples > ADAPTIVE.maxLiveSamples || samplesPerSecond > maxPerSecond;
    return isCostly ? Math.min(larger, ADAPTIVE.maxInterval) : undefined;
  }
}
