import type { NodeIndex } from './call-tree.js';
import { type CensusSample, Evidence } from './evidence.js';

/**
 * Who allocated what was born and died between two polls.
 *
 * Ordinals tell exactly how many samples were never seen alive (`U` of `N` taken), but not whose they were.
 * That is estimated from *censuses*: pairs of polls with nothing missing in between, so that every sample taken
 * inside is in hand. Pair `i` weighs `w_i`, one over its length and over its chance to be whole: it catches a
 * moment's samples in proportion to both, so every moment counts the same (Horvitz-Thompson). The chance is one
 * minus the samples of the pair over those from one collection to the next, which cut pairs tell: without it
 * bursts, whose pairs are cut more often, would count for too little. Cut pairs larger than all whole ones have
 * none to speak for them: they count with all their samples, spread as those born after their last collection are.
 * For a function s let
 *
 *   c_i, v_i, n_i   samples of s in pair i; those alive at the next poll; all samples of the pair
 *   C = sum w_i c_i / sum w_i n_i     its share of all samples
 *   V = sum w_i v_i / sum w_i n_i     the same of those alive at the next poll
 *   S = samples of s seen alive / N   exactly what V estimates: which samples a poll gets to see
 *
 * Gaps between pairs are exponential, so the wait of a census sample and of any other sample until the next
 * poll are alike, and E(V) = E(S). Hence for every slope b
 *
 *   unseen(s) / N = C - b V - (1 - b) S        and U x its share of the sum over functions is charged to s
 *
 * is right on average. With b = 1 it is `C - V`, the early deaths alone (the difference estimator): exact for
 * what always survives, since then C and V are the same samples. But samples of a pair share their fate: all
 * that wait for the next major collection die before the next poll, or none does; V then swings between 0 and C
 * from pair to pair while S is known. The variance is smallest at
 *
 *   b = Cov(c, v) / Var(v)        over pairs, of w_i (c_i - C n_i) and w_i (v_i - V n_i)
 *
 * (the regression estimator of survey sampling), held between 0 and 1: 1 for long-lived objects, 0 where fates
 * are common. It also needs less of V, which pairs cut by a collection distort: what is born right before one is
 * missing from censuses. Within a function, stacks share by their early deaths, and bytes by the early deaths'.
 *
 * Pairs, not samples, are the independent observations: the error is estimated over them, and a window must hold
 * enough of *them*. Settling after each pair would multiply U of a gap by the deaths of that same gap, and long
 * gaps have more of both: the mid-lived would be overestimated.
 *
 * U is settled window by window, so that rates follow the application's phases. A window with little evidence
 * borrows from those before it; without any the unseen samples stay unattributed and are reported as a count.
 */
export class ShortLivedEstimator {
  readonly #functionOf: (node: NodeIndex) => number;
  readonly #closed: Evidence[] = [];
  #open = new Evidence();
  #unseen = 0;
  #unseenSince: number | undefined;
  #pairSamples = 0;
  #cutPairs = 0;
  #largestPair = 0;

  /** @param functionOf the allocating function of a stack, as a number; by default each stack is its own */
  constructor(functionOf: (node: NodeIndex) => number = (node) => node) {
    this.#functionOf = functionOf;
  }

  /** Notes a sample that was seen alive. */
  addSeen(node: NodeIndex): void {
    this.#open.addTaken(1);
    this.#open.addSeen(this.#functionOf(node));
  }

  /** Notes samples that were born and died unseen. */
  addUnseen(count: number, atMillis: number): void {
    if (count <= 0) return;
    this.#open.addTaken(count);
    this.#unseen += count;
    this.#unseenSince ??= atMillis;
  }

  /**
   * Notes how many samples were taken inside a pair, and whether it was whole or cut by a collection.
   *
   * @returns whether whole pairs speak for it: not when it is cut and larger than all of them, as in a burst
   */
  addPair(taken: number, whole: boolean): boolean {
    if (whole) this.#largestPair = Math.max(this.#largestPair, taken);
    else if (taken > this.#largestPair) return false;
    else this.#cutPairs++;
    this.#pairSamples += taken;
    if (this.#pairSamples >= MAX_PAIR_SAMPLES) {
      // What was long ago counts less and less.
      this.#pairSamples /= 2;
      this.#cutPairs /= 2;
      this.#largestPair /= 2;
    }
    return true;
  }

  /**
   * Notes a census when the next reading has shown who survived.
   *
   * @param samples all of a whole pair
   * @param weight one over the length of the pair, in 1/ms
   */
  addCensus(samples: readonly CensusSample[], weight: number): void {
    if (samples.length === 0) return;
    const chance = Math.max(MIN_WHOLE_CHANCE, 1 - samples.length * this.#collectionsPerSample);
    this.#open.addCensus(samples, weight / chance, this.#functionOf);
  }

  /**
   * The same of a cut pair for which whole ones do not speak.
   *
   * @param samples those born after its last collection
   * @param taken how many samples were taken inside the pair: for these they stand
   */
  addCutCensus(samples: readonly CensusSample[], weight: number, taken: number): void {
    if (samples.length === 0) return;
    this.#open.addCensus(samples, (weight * taken) / samples.length, this.#functionOf);
  }

  get #collectionsPerSample(): number {
    return this.#pairSamples > 0 ? this.#cutPairs / this.#pairSamples : 0;
  }

  /** Unseen samples not yet settled. */
  get pending(): number {
    return this.#unseen;
  }

  /** Whether unseen samples would be charged to somebody if they were settled now. */
  hasEvidence(atMillis: number): boolean {
    return this.#pool(atMillis).deaths >= MIN_DEATHS;
  }

  /**
   * Closes the window and says whose the unseen samples were. Waits (returns undefined) while there is
   * nothing to settle or the evidence is thin and may still grow, unless `force` is set.
   */
  settle(atMillis: number, force: boolean): Settlement | undefined {
    if (this.#unseen === 0) return undefined;
    const waited = atMillis - (this.#unseenSince ?? atMillis);
    // The window's own evidence, not borrowed: that would charge a busy phase to the quiet one before it.
    const own = this.#open.deaths >= ENOUGH_DEATHS && this.#open.pairs >= ENOUGH_PAIRS;
    if (!force && !own && waited < MAX_WAIT_MILLIS) return undefined;
    const settlement = distribute(this.#unseen, this.#pool(atMillis), this.#open.pairs);
    this.#closeWindow(atMillis);
    return settlement;
  }

  /** The evidence of this window, and of earlier ones while there is too little. */
  #pool(atMillis: number): Evidence {
    const pool = new Evidence();
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
    // Without a pair it goes on: what was seen belongs to the pairs of the same time.
    if (this.#open.pairs === 0) return;
    this.#open.closedAt = atMillis;
    this.#closed.push(this.#open);
    this.#open = new Evidence();
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

/** How the unseen samples of a window are spread over stacks. */
export interface Settlement {
  /** Expected samples and bytes of each stack; the counts sum to the settled samples. */
  readonly shares: readonly { readonly node: NodeIndex; readonly samples: number; readonly bytes: number }[];
  /** Samples for which there was no evidence at all. */
  readonly unattributed: number;
  /** The largest standard error of a function's samples, in samples. */
  readonly errorSamples: number;
}

/** A pair that holds most of a young generation is seldom whole, and weighs no more than four when it is. */
const MIN_WHOLE_CHANCE = 0.25;
/** The size of the young generation follows the application. */
const MAX_PAIR_SAMPLES = 20_000;
/** With so many deaths in so many pairs a window stands for itself ... */
const ENOUGH_DEATHS = 64;
const ENOUGH_PAIRS = 16;
/** ... and with less it borrows until there are so many pairs: the slopes need them. */
const PLENTY_PAIRS = 32;
/** With fewer, one odd sample would speak for gigabytes: then nobody is charged. */
const MIN_DEATHS = 8;
/** How long unseen samples wait for evidence before they are settled with what there is. */
const MAX_WAIT_MILLIS = 10_000;
/** Older evidence says too little about what the application does now. */
const MAX_EVIDENCE_AGE_MILLIS = 600_000;

function isPlenty({ pairs, deaths }: { readonly pairs: number; readonly deaths: number }): boolean {
  return pairs >= PLENTY_PAIRS && deaths >= ENOUGH_DEATHS;
}

function distribute(unseen: number, pool: Evidence, ownPairs: number): Settlement {
  if (pool.deaths < MIN_DEATHS) return { shares: [], unattributed: unseen, errorSamples: 0 };
  const { shares, error } = pool.shares();
  // Windows that borrow from each other err together: as much as if each had only its own pairs.
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
