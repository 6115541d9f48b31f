import type { NodeIndex } from '../state/call-tree.js';
import { type PairSample, ShortLivedStatistics } from './short-lived-statistics.js';

/**
 * Estimates who allocated the samples that were born and died between two polls.
 *
 * Ordinals give the exact number of samples never seen alive (`U` of `N` taken), but not their stacks. These
 * are estimated from *complete pairs*: pairs of polls with nothing missing in between, so that every sample taken
 * inside is known. Pair `i` has the weight `w_i`, the inverse of its length and of its probability to be
 * complete. A pair catches samples in proportion to both, so all moments count equally (Horvitz-Thompson). That
 * probability is 1 minus the samples of the pair over those from one collection to the next, which is
 * estimated from interrupted pairs. Without it, bursts would count too little, as their pairs are interrupted more often. An
 * interrupted pair with more samples than any complete pair has no complete pair to stand for it. It counts with all samples
 * taken in it, shared among stacks like those born after its last collection. For a function s let
 *
 *   c_i, v_i, n_i   samples of s in pair i; those alive at the next poll; all samples of the pair
 *   C = sum w_i c_i / sum w_i n_i     its share of all samples
 *   V = sum w_i v_i / sum w_i n_i     the same of those alive at the next poll
 *   S = samples of s seen alive / N   exactly what V estimates: which samples a poll gets to see
 *
 * Gaps between pairs are exponential, so the time until the next poll has the same distribution for a pair's
 * sample as for any other, and E(V) = E(S). Hence for every slope b
 *
 *   unseen(s) / N = C - b V - (1 - b) S        and U x its share of the sum over functions is charged to s
 *
 * is unbiased. With b = 1 it is `C - V`, the short-lived samples alone (the difference estimator). This is exact for
 * objects that always survive, since then C and V are the same samples. But samples of a pair share their
 * fate: all that wait for the next major collection die before the next poll, or none does. V then swings
 * between 0 and C from pair to pair, while S is known. The variance is smallest at
 *
 *   b = Cov(c, v) / Var(v)        over pairs, of w_i (c_i - C n_i) and w_i (v_i - V n_i)
 *
 * (the regression estimator of survey sampling), clamped to 0 to 1: 1 for long-lived objects, 0 where fates
 * are common. It also depends less on V, which pairs interrupted by a collection distort: samples born right before a
 * collection are missing from complete pairs. Within a function, its stacks share samples and bytes in proportion
 * to their short-lived samples.
 *
 * The independent observations are pairs, not samples: the error is estimated over pairs, and a window must
 * hold enough of *them*. Attributing after each pair would multiply U of a gap by the deaths of that same
 * gap. Long gaps have more of both, so objects of medium lifetime would be overestimated.
 *
 * U is attributed window by window, so that rates follow the application's phases. A window with few
 * statistics borrows from earlier ones. Without any, the unseen samples stay unattributed and are reported as
 * a count.
 */
export class ShortLivedEstimator {
  readonly #functionOf: (node: NodeIndex) => number;
  readonly #closed: ShortLivedStatistics[] = [];
  #open = new ShortLivedStatistics();
  #unseen = 0;
  #unseenSince: number | undefined;
  #pairSamples = 0;
  #interruptedPairs = 0;
  #largestPair = 0;

  /** @param functionOf number of a stack's allocating function; by default each stack is its own */
  constructor(functionOf: (node: NodeIndex) => number = (node) => node) {
    this.#functionOf = functionOf;
  }

  /** Adds a sample that was seen alive. */
  addSeen(node: NodeIndex): void {
    this.#open.addTaken(1);
    this.#open.addSeen(this.#functionOf(node));
  }

  /** Adds samples that were born and died unseen. */
  addUnseen(count: number, atMillis: number): void {
    if (count <= 0) return;
    this.#open.addTaken(count);
    this.#unseen += count;
    this.#unseenSince ??= atMillis;
  }

  /**
   * Adds the number of samples taken inside a pair.
   *
   * @param isComplete false if a collection interrupted the pair
   * @returns false if the pair is interrupted and larger than all complete pairs, as in a burst, so that these do not
   *   represent it
   */
  addPair(taken: number, isComplete: boolean): boolean {
    if (isComplete) this.#largestPair = Math.max(this.#largestPair, taken);
    else if (taken > this.#largestPair) return false;
    else this.#interruptedPairs++;
    this.#pairSamples += taken;
    if (this.#pairSamples >= MAX_PAIR_SAMPLES) {
      // Let old pairs fade.
      this.#pairSamples /= 2;
      this.#interruptedPairs /= 2;
      this.#largestPair /= 2;
    }
    return true;
  }

  /**
   * Adds a complete pair once the next poll has shown which samples survived.
   *
   * @param samples all samples of a complete pair
   * @param weight inverse of the pair's length, in 1/ms
   */
  addComplete(samples: readonly PairSample[], weight: number): void {
    if (samples.length === 0) return;
    const chance = Math.max(MIN_WHOLE_CHANCE, 1 - samples.length * this.#collectionsPerSample);
    this.#open.addPair(samples, weight / chance, this.#functionOf);
  }

  /**
   * Adds an interrupted pair that complete pairs do not represent.
   *
   * @param samples those born after its last collection
   * @param taken number of samples taken inside the pair, which `samples` stand for
   */
  addInterrupted(samples: readonly PairSample[], weight: number, taken: number): void {
    if (samples.length === 0) return;
    this.#open.addPair(samples, (weight * taken) / samples.length, this.#functionOf);
  }

  get #collectionsPerSample(): number {
    return this.#pairSamples > 0 ? this.#interruptedPairs / this.#pairSamples : 0;
  }

  /** Number of unseen samples not attributed yet. */
  get pending(): number {
    return this.#unseen;
  }

  /** Returns true if there are statistics to attribute unseen samples now. */
  hasEvidence(atMillis: number): boolean {
    return this.#pool(atMillis).deaths >= MIN_DEATHS;
  }

  /**
   * Closes the window and attributes its unseen samples. Returns undefined while there is nothing to
   * attribute, or while statistics are few and may still grow, unless `force` is set.
   */
  attribute(atMillis: number, force: boolean): Attribution | undefined {
    if (this.#unseen === 0) return undefined;
    const waited = atMillis - (this.#unseenSince ?? atMillis);
    // Count only the window's own statistics: borrowing would charge a busy phase to the quiet one before it.
    const own = this.#open.deaths >= ENOUGH_DEATHS && this.#open.pairs >= ENOUGH_PAIRS;
    if (!force && !own && waited < MAX_WAIT_MILLIS) return undefined;
    const attribution = distribute(this.#unseen, this.#pool(atMillis), this.#open.pairs);
    this.#closeWindow(atMillis);
    return attribution;
  }

  /** Returns the statistics of this window, with those of earlier ones if there are too few. */
  #pool(atMillis: number): ShortLivedStatistics {
    const pool = new ShortLivedStatistics();
    pool.merge(this.#open);
    for (let i = this.#closed.length - 1; i >= 0 && !isPlenty(pool); i--) {
      const window = this.#closed[i];
      if (!window || atMillis - window.closedAt > MAX_EVIDENCE_AGE_MILLIS) break;
      pool.merge(window);
    }
    return pool;
  }

  #closeWindow(atMillis: number): void {
    this.#unseen = 0;
    this.#unseenSince = undefined;
    // Keep a window without pairs open: samples seen in it belong to the pairs of the same time.
    if (this.#open.pairs === 0) return;
    this.#open.closedAt = atMillis;
    this.#closed.push(this.#open);
    this.#open = new ShortLivedStatistics();
    const kept = { pairs: 0, deaths: 0 };
    const firstNeeded = this.#closed.findLastIndex((window) => {
      kept.pairs += window.pairs;
      kept.deaths += window.deaths;
      return isPlenty(kept);
    });
    if (firstNeeded > 0) this.#closed.splice(0, firstNeeded);
    const firstFresh = this.#closed.findIndex(
      ({ closedAt }) => atMillis - closedAt <= MAX_EVIDENCE_AGE_MILLIS,
    );
    this.#closed.splice(0, firstFresh);
  }
}

/** Distribution of a window's unseen samples over stacks. */
export interface Attribution {
  /** Expected samples and bytes of each stack; all `samples` and `unattributed` sum to the unseen samples. */
  readonly shares: readonly { readonly node: NodeIndex; readonly samples: number; readonly bytes: number }[];
  /** Number of samples without any statistics to attribute them. */
  readonly unattributed: number;
  /** Largest standard error of a function's samples, in samples. */
  readonly errorSamples: number;
}

/** Lower bound for the probability that a pair is complete, to bound the weight of large pairs. */
const MIN_WHOLE_CHANCE = 0.25;
/** Number of samples after which old pairs fade, because the size of the young generation changes. */
const MAX_PAIR_SAMPLES = 20_000;
/** Short-lived samples and pairs with which a window needs no other statistics. */
const ENOUGH_DEATHS = 64;
const ENOUGH_PAIRS = 16;
/** Number of pairs up to which a window with less borrows; slopes need this many. */
const PLENTY_PAIRS = 32;
/**
 * Minimum number of short-lived samples to attribute anything; otherwise one odd sample could account for gigabytes.
 */
const MIN_DEATHS = 8;
/** Longest wait of unseen samples for more statistics, in ms. */
const MAX_WAIT_MILLIS = 10_000;
/** Maximum age of borrowed statistics, in ms; older ones do not represent the present. */
const MAX_EVIDENCE_AGE_MILLIS = 600_000;

function isPlenty({ pairs, deaths }: { readonly pairs: number; readonly deaths: number }): boolean {
  return pairs >= PLENTY_PAIRS && deaths >= ENOUGH_DEATHS;
}

function distribute(unseen: number, pool: ShortLivedStatistics, ownPairs: number): Attribution {
  if (pool.deaths < MIN_DEATHS) return { shares: [], unattributed: unseen, errorSamples: 0 };
  const { shares, error } = pool.shares();
  // Scale the error: windows that borrow from each other share errors, as if each had only its own pairs.
  const borrowed = Math.sqrt(pool.pairs / Math.max(1, ownPairs));
  if (shares.length === 0) return { shares: [], unattributed: unseen, errorSamples: 0 };
  return {
    shares: shares.map(({ node, samples, bytes }) => ({
      node,
      samples: unseen * samples,
      bytes: unseen * bytes,
    })),
    unattributed: 0,
    errorSamples: unseen * Math.min(1, error * borrowed),
  };
}
