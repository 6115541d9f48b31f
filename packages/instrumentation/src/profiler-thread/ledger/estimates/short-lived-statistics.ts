import type { NodeIndex } from '../state/call-tree.js';

/** A sample of a complete pair, once the next poll has shown whether it survived. */
export interface PairSample {
  readonly node: NodeIndex;
  /** Estimated bytes of the sample. */
  readonly bytes: number;
  /** True if it was gone at the next poll: a short-lived sample. */
  readonly died: boolean;
}

/** Sums over some pairs for one allocating function. `w` is a pair's weight, `n` its number of samples. */
interface FunctionSums {
  /** Number of samples seen alive in the time of these pairs. */
  seen: number;
  /**
   * Sums over pairs of w x samples of the function (`born`), and of w x those alive at the next poll
   * (`survived`).
   */
  born: number;
  survived: number;
  /** Sums of products of these two, and with w x n (`All`), for the variances. */
  bornBorn: number;
  bornSurvived: number;
  survivedSurvived: number;
  bornAll: number;
  survivedAll: number;
  /**
   * Sum of w x w x samples alive: the value that `survivedSurvived` has if the fates of samples are
   * independent.
   */
  survivedAlone: number;
}

interface DeathSums {
  readonly functionId: number;
  weight: number;
  weightedBytes: number;
}

/** A stack's share of the unseen samples, per unseen sample. */
export interface UnseenShare {
  readonly node: NodeIndex;
  readonly samples: number;
  readonly bytes: number;
}

/**
 * Shrinkage prior for slopes from few pairs, equivalent to 8 independent pairs with slope 1. It has little
 * weight against many samples with a common fate, and dominates where samples are few.
 */
const DOUBT_PAIRS = 8;
/** Variances below this share of their terms are rounding errors. */
const ROUNDING = 1e-9;

/** Statistics of a time window for estimating who allocated the unseen samples: see `ShortLivedEstimator`. */
export class ShortLivedStatistics {
  pairs = 0;
  deaths = 0;
  closedAt = 0;
  /** Number of samples taken, seen alive or not. */
  #taken = 0;
  #born = 0;
  #allAll = 0;
  readonly #functions = new Map<number, FunctionSums>();
  readonly #deaths = new Map<NodeIndex, DeathSums>();

  addTaken(samples: number): void {
    this.#taken += samples;
  }

  addSeen(functionId: number): void {
    this.#function(functionId).seen++;
  }

  addPair(samples: readonly PairSample[], weight: number, functionOf: (node: NodeIndex) => number): void {
    const inPair = new Map<number, { born: number; survived: number }>();
    for (const { node, bytes, died } of samples) {
      const functionId = functionOf(node);
      const counts = inPair.get(functionId) ?? { born: 0, survived: 0 };
      inPair.set(functionId, counts);
      counts.born += weight;
      if (died) this.#addDeath(node, functionId, weight, weight * bytes, 1);
      else counts.survived += weight;
    }
    const all = weight * samples.length;
    this.pairs++;
    this.#born += all;
    this.#allAll += all * all;
    for (const [functionId, { born, survived }] of inPair) {
      const sums = this.#function(functionId);
      sums.born += born;
      sums.survived += survived;
      sums.bornBorn += born * born;
      sums.bornSurvived += born * survived;
      sums.survivedSurvived += survived * survived;
      sums.bornAll += born * all;
      sums.survivedAll += survived * all;
      sums.survivedAlone += survived * weight;
    }
  }

  merge(from: ShortLivedStatistics): void {
    this.pairs += from.pairs;
    this.#taken += from.#taken;
    this.#born += from.#born;
    this.#allAll += from.#allAll;
    for (const [functionId, theirs] of from.#functions) {
      const sums = this.#function(functionId);
      for (const key of SUMS) sums[key] += theirs[key];
    }
    this.deaths += from.deaths;
    for (const [node, { functionId, weight, weightedBytes }] of from.#deaths) {
      this.#addDeath(node, functionId, weight, weightedBytes, 0);
    }
  }

  /**
   * Returns the distribution of one unseen sample over stacks. Empty without short-lived samples.
   *
   * @returns `error`: the largest standard error of a function's share, from 0 to 1
   */
  shares(): { readonly shares: readonly UnseenShare[]; readonly error: number } {
    const unseen = new Map<number, { share: number; error: number }>();
    for (const [functionId, sums] of this.#functions) unseen.set(functionId, this.#unseenShare(sums));
    let total = 0;
    for (const { share } of unseen.values()) total += share;
    if (!(total > 0)) return { shares: [], error: 0 };
    const deathsOf = new Map<number, number>();
    for (const { functionId, weight } of this.#deaths.values()) {
      deathsOf.set(functionId, (deathsOf.get(functionId) ?? 0) + weight);
    }
    const shares: UnseenShare[] = [];
    for (const [node, { functionId, weight, weightedBytes }] of this.#deaths) {
      const samples =
        ((unseen.get(functionId)?.share ?? 0) / total) * (weight / (deathsOf.get(functionId) ?? weight));
      if (samples > 0) shares.push({ node, samples, bytes: (samples * weightedBytes) / weight });
    }
    let largestError = 0;
    for (const { error } of unseen.values()) largestError = Math.max(largestError, error);
    return { shares, error: largestError / total };
  }

  /** Returns a function's unseen samples as a share of all samples taken, and its standard error. */
  #unseenShare(sums: FunctionSums): { share: number; error: number } {
    if (sums.born <= sums.survived) return { share: 0, error: 0 };
    const born = sums.born / this.#born;
    const survived = sums.survived / this.#born;
    const { bornVariance, covariance, survivedVariance } = this.#variances(sums, born, survived);
    const exact = survivedVariance <= ROUNDING * sums.survivedSurvived;
    const doubt = (DOUBT_PAIRS / this.pairs) * sums.survivedAlone;
    const slope = exact ? 1 : between0And1((covariance + doubt) / (survivedVariance + doubt));
    const seen = this.#taken > 0 ? sums.seen / this.#taken : survived;
    const share = Math.max(0, born - slope * survived - (1 - slope) * seen);
    const variance = bornVariance - 2 * slope * covariance + slope * slope * survivedVariance;
    const small = this.pairs > 1 ? this.pairs / (this.pairs - 1) : 1;
    return { share, error: Math.sqrt(Math.max(0, variance * small)) / this.#born };
  }

  /**
   * Returns the variances and the covariance of the shares of born and of surviving samples, each multiplied
   * by the square of all samples born in the pairs.
   */
  #variances(sums: FunctionSums, born: number, survived: number) {
    const all = this.#allAll;
    return {
      bornVariance: sums.bornBorn - 2 * born * sums.bornAll + born * born * all,
      covariance:
        sums.bornSurvived - born * sums.survivedAll - survived * sums.bornAll + born * survived * all,
      survivedVariance: sums.survivedSurvived - 2 * survived * sums.survivedAll + survived * survived * all,
    };
  }

  #addDeath(node: NodeIndex, functionId: number, weight: number, weightedBytes: number, count: number): void {
    this.deaths += count;
    const sums = this.#deaths.get(node);
    if (sums) {
      sums.weight += weight;
      sums.weightedBytes += weightedBytes;
    } else this.#deaths.set(node, { functionId, weight, weightedBytes });
  }

  #function(functionId: number): FunctionSums {
    const known = this.#functions.get(functionId);
    if (known) return known;
    const sums: FunctionSums = {
      seen: 0,
      born: 0,
      survived: 0,
      bornBorn: 0,
      bornSurvived: 0,
      survivedSurvived: 0,
      bornAll: 0,
      survivedAll: 0,
      survivedAlone: 0,
    };
    this.#functions.set(functionId, sums);
    return sums;
  }
}

const SUMS = [
  'seen',
  'born',
  'survived',
  'bornBorn',
  'bornSurvived',
  'survivedSurvived',
  'bornAll',
  'survivedAll',
  'survivedAlone',
] as const;

function between0And1(value: number): number {
  return Math.min(1, Math.max(0, value));
}
