import { BINS, IntervalCounts } from './interval-counts.js';

/**
 * Estimates how long objects of a call site stay reachable, from garbage collections.
 *
 * Age is measured in bytes allocated since, in units of `AGE_UNIT_BYTES`. A collection shows that a sample
 * was reachable, or that it became unreachable at some age since it was last known to be reachable. So
 * lifetimes are left-truncated and interval-censored. Their distribution is estimated with Turnbull's
 * self-consistency algorithm (J. R. Statist. Soc. B 38, 1976), in terms of hazards over bins. Each bin is
 * `EDGE_BASE` times as wide as the one before.
 */
export class LifetimeModel {
  readonly #prior: LifetimeModel | undefined;
  /** Number of samples, by interval, that were reachable all through it and that became unreachable in it. */
  readonly #cells: IntervalCounts;
  #observations = 0;
  #solvedAt = 0;
  /** Negative logarithm of the share that is reachable at each edge. */
  #cumulative: Float64Array | undefined;

  /**
   * @param prior assumed where nothing was observed, with the weight of `PRIOR_SAMPLES` samples in each bin
   * @param maxCell maximum weight of the observations of one interval; older ones fade
   */
  constructor(prior?: LifetimeModel, maxCell: number = MAX_CELL) {
    this.#prior = prior;
    // The prior of all call sites is a single model, so it needs no bound.
    this.#cells = new IntervalCounts({ maxWeight: maxCell, maxIntervals: prior ? MAX_CELLS : ALL_CELLS });
  }

  /**
   * Adds what a collection showed about some samples.
   *
   * @param fromAge age at which they were last known to be reachable, in age units
   * @param toAge age at the collection, in age units
   * @param died true if they had become unreachable by then
   * @param count number of samples. Default: 1
   */
  observe(fromAge: number, toAge: number, died: boolean, count = 1): void {
    const from = Math.round(edgeOf(fromAge));
    let to = Math.round(edgeOf(toAge));
    if (count <= 0) return;
    if (to <= from) {
      if (!died) return;
      to = from + 1;
    }
    if (to > BINS) return;
    this.#cells.add(from, to, died, count);
    this.#observations += count;
  }

  /**
   * Returns the probability that a sample is reachable.
   *
   * @param knownAge age at which it was last known to be reachable, in age units
   * @param age present age, in age units
   */
  reachableShare(knownAge: number, age: number): number {
    if (age <= knownAge) return 1;
    const cumulative = this.#solved();
    return Math.exp(at(cumulative, edgeOf(knownAge)) - at(cumulative, edgeOf(age)));
  }

  #solved(): Float64Array {
    const isFresh = this.#observations - this.#solvedAt < Math.max(MIN_NEWS, this.#solvedAt * NEWS_SHARE);
    if (this.#cumulative && isFresh) return this.#cumulative;
    this.#solvedAt = this.#observations;
    this.#cumulative ??= new Float64Array(BINS + 1);
    setCumulative(this.#cumulative, solve(this.#cells, this.#prior?.hazards()));
    return this.#cumulative;
  }

  /**
   * Returns for each bin the probability of becoming unreachable in it, given reachability at its lower edge.
   */
  hazards(): readonly number[] {
    const cumulative = this.#solved();
    return Array.from({ length: BINS }, (_, bin) => -Math.expm1(cumulative[bin]! - cumulative[bin + 1]!));
  }
}

/**
 * Unit of age, in allocated bytes; independent of the sampling interval, so that ages stay valid when it
 * changes.
 */
export const AGE_UNIT_BYTES = 65_536;

const EDGE_BASE = 2 ** 0.25;
const MAX_CELL = 100;
/** Maximum number of intervals of a call site: some 15 KiB. */
const MAX_CELLS = 512;
const ALL_CELLS = (BINS * (BINS + 1)) / 2;
/** Weight of the prior in a bin, in samples. */
const PRIOR_SAMPLES = 0.5;
const MAX_ITERATIONS = 200;
/** The iteration ends when no hazard moves by more than this. */
const ENOUGH = 1e-3;
/**
 * Start of the iteration. An interval does not show when in it a sample became unreachable. Most objects die
 * young, so the iteration starts with short-lived samples and keeps them where no observation contradicts.
 */
const FIRST_HAZARD = 0.3;
const MIN_FIRST_HAZARD = 0.1;
const MIN_HAZARD = 1e-9;
const MAX_HAZARD = 0.9;
/** Minimum share of new observations to solve again. */
const NEWS_SHARE = 0.1;
const MIN_NEWS = 3;

/** Returns the position of an age on the scale of edges; fractional between two edges. */
function edgeOf(age: number): number {
  return Math.min(BINS, Math.log(1 + Math.max(0, age)) / Math.log(EDGE_BASE));
}

function at(cumulative: Float64Array, edge: number): number {
  const below = Math.floor(edge);
  const low = cumulative[below]!;
  return below === BINS ? low : low + (edge - below) * (cumulative[below + 1]! - low);
}

function setCumulative(cumulative: Float64Array, hazards: Float64Array): void {
  cumulative[0] = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const hazard = hazards[bin]!;
    cumulative[bin + 1] = cumulative[bin]! - (hazard > MIN_HAZARD ? Math.log1p(-hazard) : 0);
  }
}

/** Reused, because a process solves for each call site again and again, and each array would be a system allocation. */
const SCRATCH = {
  hazards: new Float64Array(BINS),
  share: new Float64Array(BINS + 1),
  reachable: new Float64Array(BINS + 1),
  dying: new Float64Array(BINS + 1),
  later: new Float64Array(BINS + 1),
  deaths: new Float64Array(BINS),
  exposed: new Float64Array(BINS),
};

/**
 * Computes the hazards by expectation maximization; each iteration is linear in cells and bins. The result is valid until
 * the next call.
 */
function solve(cells: IntervalCounts, prior: readonly number[] | undefined): Float64Array {
  const { hazards, deaths, exposed } = SCRATCH;
  hazards.fill(FIRST_HAZARD);
  if (prior) for (let bin = 0; bin < BINS; bin++) hazards[bin] = Math.max(prior[bin]!, MIN_FIRST_HAZARD);
  const weight = prior ? PRIOR_SAMPLES : 1e-9;
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    expect(cells, hazards);
    let moved = 0;
    for (let bin = 0; bin < BINS; bin++) {
      const expected = weight * (prior?.[bin] ?? 0);
      const hazard = (deaths[bin]! + expected) / (exposed[bin]! + weight);
      const bounded = Math.min(MAX_HAZARD, Math.max(MIN_HAZARD, hazard));
      moved = Math.max(moved, Math.abs(bounded - hazards[bin]!));
      hazards[bin] = bounded;
    }
    if (moved < ENOUGH) break;
  }
  return hazards;
}

/**
 * Computes the expected deaths and exposed samples in each bin for given hazards, into `SCRATCH`. Let S be the share that is
 * reachable at an edge. A sample that died between the edges f and t did so in bin b with probability S(b)
 * h(b) / (S(f) - S(t)). It was reachable at that bin's lower edge with probability (S(b) - S(t)) / (S(f) -
 * S(t)).
 */
function expect(cells: IntervalCounts, hazards: Float64Array): void {
  const { share, reachable, dying, later, deaths, exposed } = SCRATCH;
  share[0] = 1;
  for (let bin = 0; bin < BINS; bin++) share[bin + 1] = share[bin]! * (1 - hazards[bin]!);
  // Sums over the cells that contain a bin, as differences from one bin to the next.
  for (const sums of [reachable, dying, later]) sums.fill(0);
  cells.forEach((from, to, reachableCount, unreachableCount) => {
    reachable[from]! += reachableCount;
    reachable[to]! -= reachableCount;
    const each = unreachableCount / (share[from]! - share[to]!);
    dying[from]! += each;
    dying[to]! -= each;
    later[from]! += each * share[to]!;
    later[to]! -= each * share[to]!;
  });
  const sums = { reachable: 0, dying: 0, later: 0 };
  for (let bin = 0; bin < BINS; bin++) {
    sums.reachable += reachable[bin]!;
    sums.dying += dying[bin]!;
    sums.later += later[bin]!;
    deaths[bin] = Math.max(0, share[bin]! * hazards[bin]! * sums.dying);
    exposed[bin] = Math.max(0, sums.reachable + share[bin]! * sums.dying - sums.later);
  }
}
