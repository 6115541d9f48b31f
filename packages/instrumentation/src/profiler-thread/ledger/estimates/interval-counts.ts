/** Number of bins of the scale of ages; an edge is a number from 0 to this. */
export const BINS = 96;

export interface IntervalCountsOptions {
  /** Maximum weight of an interval; beyond it, its older observations fade. */
  readonly maxWeight: number;
  /** Maximum number of intervals, at least 300; beyond it, edges are rounded to every second one, or to every fourth. */
  readonly maxIntervals: number;
}

/**
 * Counts samples by interval of ages. A long-lived process sees ever more different intervals, so their number is
 * bounded. The counts are kept in columns, in ascending order of the intervals: a map of objects takes five times the
 * memory.
 */
export class IntervalCounts {
  readonly #options: IntervalCountsOptions;
  readonly #keys: number[] = [];
  readonly #reachable: number[] = [];
  readonly #unreachable: number[] = [];
  /** Edges are multiples of this. */
  #step = 1;

  constructor(options: IntervalCountsOptions) {
    this.#options = options;
  }

  /** Number of intervals. */
  get size(): number {
    return this.#keys.length;
  }

  /**
   * Adds samples.
   *
   * @param from edge at which they were reachable
   * @param to a later edge
   * @param died true if they had become unreachable by then
   */
  add(from: number, to: number, died: boolean, count: number): void {
    this.#add(from, to, died ? 0 : count, died ? count : 0);
    while (this.#keys.length > this.#options.maxIntervals) this.#coarsen();
  }

  forEach(visit: (from: number, to: number, reachable: number, unreachable: number) => void): void {
    for (let at = 0; at < this.#keys.length; at++) {
      const key = this.#keys[at]!;
      const to = key % KEY_BASE;
      visit((key - to) / KEY_BASE, to, this.#reachable[at]!, this.#unreachable[at]!);
    }
  }

  /** Returns the place of an interval, which is inserted if it is new. */
  #placeOf(key: number): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    if (this.#keys[low] !== key) {
      this.#keys.splice(low, 0, key);
      this.#reachable.splice(low, 0, 0);
      this.#unreachable.splice(low, 0, 0);
    }
    return low;
  }

  #add(from: number, to: number, reachable: number, unreachable: number): void {
    const step = this.#step;
    const first = Math.min(BINS - step, Math.round(from / step) * step);
    // An interval within one step shows that samples died in it, but not that they survived it.
    const last = Math.round(to / step) * step;
    if (last <= first && unreachable === 0) return;
    const at = this.#placeOf(first * KEY_BASE + Math.max(last, first + step));
    this.#reachable[at]! += last > first ? reachable : 0;
    this.#unreachable[at]! += unreachable;
    const { maxWeight } = this.#options;
    const sum = this.#reachable[at]! + this.#unreachable[at]!;
    if (sum <= maxWeight) return;
    // Scale both down: programs change, and one kind of collection must not outweigh all others.
    this.#reachable[at]! *= maxWeight / sum;
    this.#unreachable[at]! *= maxWeight / sum;
  }

  /** Rounds the edges to multiples of twice the step. */
  #coarsen(): void {
    this.#step *= 2;
    const keys = this.#keys.splice(0);
    const reachable = this.#reachable.splice(0);
    const unreachable = this.#unreachable.splice(0);
    for (const [at, key] of keys.entries()) {
      const to = key % KEY_BASE;
      this.#add((key - to) / KEY_BASE, to, reachable[at]!, unreachable[at]!);
    }
  }
}

/** More than the largest edge, so that an interval's two edges form one number. */
const KEY_BASE = 128;
