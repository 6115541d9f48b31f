export interface IntervalPolicyOptions {
  /** Number of live samples above which the interval is increased. */
  readonly maxLiveSamples: number;
  /** True if the interval is the default; only then is it increased where its cost would be noticed. */
  readonly isAdaptive: boolean;
}

/** The measurements that the next interval depends on. */
export interface SamplingState {
  /** Mean bytes between samples at present. */
  readonly samplingInterval: number;
  readonly liveSamples: number;
  readonly samplesPerSecond: number;
  /** Cost of a sample on the main thread, in microseconds. */
  readonly sampleMicros: number;
  /** Share of one core that profiling may take. */
  readonly cpuBudget: number;
  /** True if the interval must not be increased, because that would lose single samples or save nothing. */
  readonly mayNotCoarsen: boolean;
  /** True while leak detection fills windows that an increase would lose. */
  readonly isFillingWindows: boolean;
}

/** A sampling interval to restart the sampler with, and the reason. */
export interface IntervalChange {
  readonly samplingInterval: number;
  readonly reason: 'coarsened' | 'traced';
}

/** Factor by which the interval is increased; about a quarter of the samples will be alive then. */
const COARSER = 4;
const MAX_SAMPLING_INTERVAL = 2 ** 30;
/**
 * Bounds for the default interval, which suits small heaps; beyond them it is increased, up to `maxInterval`
 * bytes. A poll stops the main thread for about 1 microsecond per live sample; taking a sample costs about 12.
 */
const ADAPTIVE = {
  maxLiveSamples: 6_000,
  maxSamplesPerSecond: 1_250,
  samplingShare: 0.5,
  maxInterval: 2 ** 19,
} as const;
/**
 * Part of the bounds that the expected cost at the next interval may reach. Above it, the interval after that is taken at once: a
 * change loses the ages of all live samples, and leak detection starts again.
 */
const MAX_EXPECTED = 0.7;
/** Multiple of the bounds up to which an increase waits until leak detection has judged. */
const MAX_WHILE_FILLING = 1.5;

/** Decides when the sampler needs another interval: larger if it costs too much, smaller for a capture. */
export class IntervalPolicy {
  readonly #options: IntervalPolicyOptions;
  #tracedInterval: number | undefined;

  constructor(options: IntervalPolicyOptions) {
    this.#options = options;
  }

  /** Limits the interval from now on to what the captures of a traced component need, in bytes. */
  trace(samplingInterval: number): void {
    this.#tracedInterval = samplingInterval;
  }

  /** Returns the change that is due; undefined if the present interval is right. */
  next(state: SamplingState): IntervalChange | undefined {
    const { samplingInterval } = state;
    if (this.#tracedInterval !== undefined && samplingInterval > this.#tracedInterval) {
      return { samplingInterval: this.#tracedInterval, reason: 'traced' };
    }
    const larger = state.mayNotCoarsen ? undefined : this.#larger(state);
    return larger === undefined ? undefined : { samplingInterval: larger, reason: 'coarsened' };
  }

  #larger(state: SamplingState): number | undefined {
    const { samplingInterval, liveSamples, samplesPerSecond, sampleMicros, cpuBudget, isFillingWindows } =
      state;
    const { maxLiveSamples, isAdaptive } = this.#options;
    const larger = samplingInterval * COARSER;
    if (liveSamples > maxLiveSamples && larger <= MAX_SAMPLING_INTERVAL) return larger;
    if (!isAdaptive || samplingInterval >= ADAPTIVE.maxInterval) return undefined;
    // Deep stacks make samples more expensive, so fewer fit into the budget.
    const affordable = (ADAPTIVE.samplingShare * cpuBudget * 1e6) / sampleMicros;
    const maxPerSecond = Math.min(ADAPTIVE.maxSamplesPerSecond, affordable);
    const cost = Math.max(liveSamples / ADAPTIVE.maxLiveSamples, samplesPerSecond / maxPerSecond);
    if (cost <= (isFillingWindows ? MAX_WHILE_FILLING : 1)) return undefined;
    return Math.min(cost / COARSER > MAX_EXPECTED ? larger * COARSER : larger, ADAPTIVE.maxInterval);
  }
}
