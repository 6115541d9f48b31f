/**
 * How long objects of a call site stay reachable, learned from garbage collections.
 *
 * Age is counted in bytes allocated since, in units of `AGE_UNIT_BYTES`. A collection says of a sample that it was
 * reachable, or that it had become unreachable some time since it was last known to be reachable: lifetimes that are
 * truncated on the left and censored by intervals. Their distribution is estimated by Turnbull's self-consistency algorithm
 * (J. R. Statist. Soc. B 38, 1976) in terms of hazards, over bins whose edges are `EDGE_BASE` times further apart each.
 */
export class LifetimeModel {
  readonly #prior: LifetimeModel | undefined;
  readonly #maxCell: number;
  /** By interval, how many samples were reachable all through it and how many became unreachable in it. */
  readonly #cells = new Map<number, Cell>();
  #observations = 0;
  #solvedAt = 0;
  /** Minus the logarithm of the share that is reachable at each edge. */
  #cumulative: Float64Array | undefined;

  /**
   * @param prior what is assumed as far as nothing was observed, as if by `PRIOR_SAMPLES` samples in each bin
   * @param maxCell so many of the newest observations of an interval count
   */
  constructor(prior?: LifetimeModel, maxCell: number = MAX_CELL) {
    this.#prior = prior;
    this.#maxCell = maxCell;
  }

  /** Number of observations so far. */
  get observations(): number {
    return this.#observations;
  }

  /**
   * Takes what a collection showed of samples.
   *
   * @param fromAge the age at which they were last known to be reachable, in units
   * @param toAge their age at the collection
   * @param died whether they had become unreachable by then
   * @param count how many there were
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
    const key = from * (BINS + 1) + to;
    let cell = this.#cells.get(key);
    if (!cell) {
      cell = { from, to, reachable: 0, unreachable: 0 };
      this.#cells.set(key, cell);
    }
    if (died) cell.unreachable += count;
    else cell.reachable += count;
    this.#observations += count;
    const sum = cell.reachable + cell.unreachable;
    if (sum <= this.#maxCell) return;
    // Forget in proportion: a program changes, and one kind of collection must not outweigh all others.
    cell.reachable *= this.#maxCell / sum;
    cell.unreachable *= this.#maxCell / sum;
  }

  /**
   * The probability that a sample is reachable.
   *
   * @param knownAge the age at which it was last known to be reachable, in units
   * @param age its age now
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
    this.#cumulative = toCumulative(solve([...this.#cells.values()], this.#prior?.hazards()));
    return this.#cumulative;
  }

  /** The probability of becoming unreachable in each bin, of those that are reachable at its lower edge. */
  hazards(): Float64Array {
    const cumulative = this.#solved();
    return Float64Array.from(
      { length: BINS },
      (_, bin) => -Math.expm1(cumulative[bin]! - cumulative[bin + 1]!),
    );
  }
}

/** What an age is counted in: bytes allocated, so that ages stay what they are when the sampling interval grows. */
export const AGE_UNIT_BYTES = 65_536;

interface Cell {
  readonly from: number;
  readonly to: number;
  reachable: number;
  unreachable: number;
}

const EDGE_BASE = 2 ** 0.25;
/** The last edge is some 16 million units, a tebibyte. */
const BINS = 96;
const MAX_CELL = 100;
/** In all the bins that an age doubles in they are one sample. */
const PRIOR_SAMPLES = 0.5;
const MAX_ITERATIONS = 200;
/** The hazards are known when none of them moves by more. */
const ENOUGH = 1e-3;
/**
 * Where the iteration begins. An interval alone does not say when in it a sample became unreachable; most objects die young,
 * so it begins with early deaths, and stays there where no observation says otherwise.
 */
const FIRST_HAZARD = 0.3;
const MIN_FIRST_HAZARD = 0.1;
const MIN_HAZARD = 1e-9;
const MAX_HAZARD = 0.9;
/** A share of new observations that is worth solving again. */
const NEWS_SHARE = 0.1;
const MIN_NEWS = 3;

/** Where between the edges an age is. */
function edgeOf(age: number): number {
  return Math.min(BINS, Math.log(1 + Math.max(0, age)) / Math.log(EDGE_BASE));
}

function at(cumulative: Float64Array, edge: number): number {
  const below = Math.floor(edge);
  const low = cumulative[below]!;
  return below === BINS ? low : low + (edge - below) * (cumulative[below + 1]! - low);
}

function toCumulative(hazards: Float64Array): Float64Array {
  const cumulative = new Float64Array(BINS + 1);
  for (let bin = 0; bin < BINS; bin++) cumulative[bin + 1] = cumulative[bin]! - Math.log1p(-hazards[bin]!);
  return cumulative;
}

/** The hazards that expect what was observed; each iteration is linear in cells and bins. */
function solve(cells: readonly Cell[], prior: Float64Array | undefined): Float64Array {
  const hazards = new Float64Array(BINS).fill(FIRST_HAZARD);
  if (prior) for (let bin = 0; bin < BINS; bin++) hazards[bin] = Math.max(prior[bin]!, MIN_FIRST_HAZARD);
  const weight = prior ? PRIOR_SAMPLES : 1e-9;
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const { deaths, exposed } = expect(cells, hazards);
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
  return hazards.map((hazard) => (hazard > MIN_HAZARD ? hazard : 0));
}

/**
 * The deaths and the exposed samples in each bin that hazards let expect: with S the share that is reachable at an edge, a
 * sample that died between the edges f and t did so in bin b with the probability S(b) h(b) / (S(f) - S(t)), and was
 * reachable at its lower edge with (S(b) - S(t)) / (S(f) - S(t)).
 */
function expect(
  cells: readonly Cell[],
  hazards: Float64Array,
): { readonly deaths: Float64Array; readonly exposed: Float64Array } {
  const share = new Float64Array(BINS + 1).fill(1);
  for (let bin = 0; bin < BINS; bin++) share[bin + 1] = share[bin]! * (1 - hazards[bin]!);
  // Sums over the cells that hold a bin, as differences from one bin to the next.
  const reachable = new Float64Array(BINS + 1);
  const dying = new Float64Array(BINS + 1);
  const later = new Float64Array(BINS + 1);
  for (const { from, to, ...counts } of cells) {
    reachable[from]! += counts.reachable;
    reachable[to]! -= counts.reachable;
    const each = counts.unreachable / (share[from]! - share[to]!);
    dying[from]! += each;
    dying[to]! -= each;
    later[from]! += each * share[to]!;
    later[to]! -= each * share[to]!;
  }
  const deaths = new Float64Array(BINS);
  const exposed = new Float64Array(BINS);
  const sums = { reachable: 0, dying: 0, later: 0 };
  for (let bin = 0; bin < BINS; bin++) {
    sums.reachable += reachable[bin]!;
    sums.dying += dying[bin]!;
    sums.later += later[bin]!;
    deaths[bin] = Math.max(0, share[bin]! * hazards[bin]! * sums.dying);
    exposed[bin] = Math.max(0, sums.reachable + share[bin]! * sums.dying - sums.later);
  }
  return { deaths, exposed };
}
