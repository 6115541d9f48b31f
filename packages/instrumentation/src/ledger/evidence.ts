import type { NodeIndex } from './call-tree.js';

/** A sample of a census, once the next reading has shown what became of it. */
export interface CensusSample {
  readonly node: NodeIndex;
  /** The sample's estimated bytes. */
  readonly bytes: number;
  /** Whether it was gone at the next reading: an early death. */
  readonly died: boolean;
}

/** What is known of an allocating function from some pairs. `w` is a pair's weight, `n` its number of samples. */
interface FunctionSums {
  /** Samples seen alive in the time of these pairs, counted exactly. */
  seen: number;
  /** Sums over pairs of w x samples of the function, of w x those alive at the next reading ... */
  born: number;
  survived: number;
  /** ... and of the products of these and of w x n: what the variances are made of. */
  bornBorn: number;
  bornSurvived: number;
  survivedSurvived: number;
  bornAll: number;
  survivedAll: number;
  /** ... and of w x w x samples alive: what `survivedSurvived` would be if samples had nothing in common. */
  survivedAlone: number;
}

interface DeathSums {
  readonly functionId: number;
  weight: number;
  weightedBytes: number;
}

/** A stack's share of the unseen, per unseen sample. */
export interface UnseenShare {
  readonly node: NodeIndex;
  readonly samples: number;
  readonly bytes: number;
}

/**
 * Slopes from few pairs are rough. So many pairs whose samples had nothing in common, for which the slope is 1, are
 * added in thought: they weigh nothing against many samples of common fate, and all where samples are few.
 */
const DOUBT_PAIRS = 8;
/** Below this part of its terms a variance is rounding. */
const ROUNDING = 1e-9;

/** What the readings of a time window tell about who allocated the unseen: see `ShortLivedEstimator`. */
export class Evidence {
  pairs = 0;
  deaths = 0;
  closedAt = 0;
  /** Samples taken, seen alive or not. */
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

  addCensus(samples: readonly CensusSample[], weight: number, functionOf: (node: NodeIndex) => number): void {
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

  merge(from: Evidence): void {
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
   * How one unseen sample is spread over stacks. Empty without early deaths.
   *
   * @returns `error`: the largest standard error of a function's share, as a part of one
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

  /** A function's unseen samples over all samples taken, and the standard error of that. */
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

  /** Of the shares of samples born and of survivors, each times the square of all that was born in the pairs. */
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
