/**
 * How long objects of a call site stay reachable, learned from garbage collections.
 *
 * Age is counted in samples taken since an object's own sample (its ordinal), a clock that runs with allocated bytes. A
 * collection says of a sample that it was reachable, or that it had become unreachable some time since it was last known to be
 * reachable: interval-censored lifetimes. Their distribution is estimated by Turnbull's self-consistency algorithm (J. R.
 * Statist. Soc. B 38, 1976), over bins whose edges are `EDGE_BASE` times further apart each.
 */
export class LifetimeModel {
  readonly #prior: LifetimeModel | undefined;
  /** By interval, how many samples were reachable all through it and how many became unreachable in it. */
  readonly #cells = new Map<number, Cell>();
  #observations = 0;
  #solvedAt = 0;
  /** Minus the logarithm of the share that is reachable at each edge. */
  #cumulative: Float64Array | undefined;

  /** @param prior what is assumed as far as nothing was observed, as if by `PRIOR_SAMPLES` samples in each bin */
  constructor(prior?: LifetimeModel) {
    this.#prior = prior;
  }

  /** Number of observations so far. */
  get observations(): number {
    return this.#observations;
  }

  /**
   * Takes what a collection showed of one sample.
   *
   * @param fromAge the age at which it was last known to be reachable, in samples
   * @param toAge its age at the collection
   * @param died whether it had become unreachable by then
   */
  observe(fromAge: number, toAge: number, died: boolean): void {
    const from = Math.round(edgeOf(fromAge));
    let to = Math.round(edgeOf(toAge));
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
    if (died) cell.unreachable++;
    else cell.reachable++;
    this.#observations++;
    const count = cell.reachable + cell.unreachable;
    if (count <= MAX_CELL) return;
    // Forget in proportion: a program changes, and one kind of collection must not outweigh all others.
    cell.reachable *= MAX_CELL / count;
    cell.unreachable *= MAX_CELL / count;
  }

  /**
   * The probability that a sample is reachable.
   *
   * @param knownAge the age at which it was last known to be reachable
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

interface Cell {
  readonly from: number;
  readonly to: number;
  reachable: number;
  unreachable: number;
}

const EDGE_BASE = Math.SQRT2;
/** The last edge is some 16 million samples. */
const BINS = 48;
const MAX_CELL = 60;
const PRIOR_SAMPLES = 1;
const ITERATIONS = 25;
/**
 * Where the iteration begins. An interval alone does not say when in it a sample became unreachable; most objects die young,
 * so it begins with early deaths, and stays there where no observation says otherwise.
 */
const FIRST_HAZARD = 0.5;
const MIN_FIRST_HAZARD = 0.2;
const MAX_HAZARD = 1 - 1e-9;
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

function solve(cells: readonly Cell[], prior: Float64Array | undefined): Float64Array {
  const hazards = new Float64Array(BINS).fill(FIRST_HAZARD);
  if (prior) for (let bin = 0; bin < BINS; bin++) hazards[bin] = Math.max(prior[bin]!, MIN_FIRST_HAZARD);
  const deaths = new Float64Array(BINS);
  const exposed = new Float64Array(BINS);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    deaths.fill(0);
    exposed.fill(0);
    for (const cell of cells) {
      for (let bin = cell.from; bin < cell.to; bin++) exposed[bin]! += cell.reachable;
      if (cell.unreachable > 0) spread(cell, hazards, deaths, exposed);
    }
    const weight = prior ? PRIOR_SAMPLES : 1e-9;
    for (let bin = 0; bin < BINS; bin++) {
      const expected = weight * (prior?.[bin] ?? 0);
      hazards[bin] = Math.min(MAX_HAZARD, (deaths[bin]! + expected) / (exposed[bin]! + weight));
    }
  }
  return hazards;
}

/** Spreads the deaths of an interval over its bins, in proportion to what the present hazards expect. */
function spread(cell: Cell, hazards: Float64Array, deaths: Float64Array, exposed: Float64Array): void {
  const { from, to, unreachable } = cell;
  let alive = 1;
  for (let bin = from; bin < to; bin++) alive *= 1 - hazards[bin]!;
  const total = 1 - alive;
  let left = 1;
  let reach = 1;
  for (let bin = from; bin < to; bin++) {
    const share = total > 1e-12 ? (reach * hazards[bin]!) / total : 1 / (to - from);
    reach *= 1 - hazards[bin]!;
    deaths[bin]! += unreachable * share;
    exposed[bin]! += unreachable * left;
    left = Math.max(0, left - share);
  }
}
