import type { HeapListener } from '../model/heap-listener.js';

/** Sizes below this are counted in an array, larger ones in a Map. */
const SMALL = 1 << 12;
/**
 * Maximum number of distinct large sizes. Further ones are rounded, to bound memory; no histogram shows the difference.
 */
const MAX_SIZES = 1 << 20;
const ROUNDED_BITS = 12;

/** One bar of the histogram: `count` allocations of `minBytes` to `maxBytes`. */
export interface SizeBucket {
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly count: number;
}

/** Counts allocations by their size. */
export class SizeHistogram implements HeapListener {
  readonly #small: Float64Array = new Float64Array(SMALL);
  readonly #large: Map<number, number> = new Map();

  /**
   * Returns a histogram with `count` bars, of equal width on a logarithmic scale from the smallest to the largest size.
   * Sizes of 0 do not affect the scale, but count in the first bar. Empty without sizes above 0.
   */
  buckets(count: number): readonly SizeBucket[] {
    const sizes = this.#sizes();
    const positive = sizes.filter(([size]) => size > 0);
    if (positive.length === 0) return [];
    const high = Math.log(positive.at(-1)![0]);
    const smallest = Math.log(positive[0]![0]);
    const low = smallest === high ? smallest / 2 : smallest;
    const step = (high - low) / count;
    const bounds = Array.from({ length: count }, (_, at) => Math.trunc(Math.exp(low + step * (at + 1))));
    const counts = new Array<number>(count).fill(0);
    for (const [size, times] of sizes) counts[bucketOf(size, low, step, count)]! += times;
    return bounds.map((bound, at) => ({
      minBytes: at === 0 ? 0 : bounds[at - 1]!,
      maxBytes: at === count - 1 ? bound : bound - 1,
      count: counts[at]!,
    }));
  }

  /** Adds the counts of another histogram. */
  addAll(other: SizeHistogram): void {
    other.#small.forEach((count, size) => {
      this.#small[size]! += count;
    });
    for (const [size, count] of other.#large) this.#addLarge(size, count);
  }

  allocated(_site: number, _high: number, _low: number, size: number): void {
    if (size < SMALL) this.#small[size]! += 1;
    else this.#addLarge(size, 1);
  }

  mapped(site: number, high: number, low: number, size: number): void {
    this.allocated(site, high, low, size);
  }

  #addLarge(size: number, count: number): void {
    const known = this.#large.get(size);
    if (known !== undefined || this.#large.size < MAX_SIZES) this.#large.set(size, (known ?? 0) + count);
    else this.#addRounded(size, count);
  }

  #addRounded(size: number, count: number): void {
    const unit = 2 ** Math.max(0, Math.floor(Math.log2(size)) - ROUNDED_BITS);
    const rounded = Math.floor(size / unit) * unit;
    this.#large.set(rounded, (this.#large.get(rounded) ?? 0) + count);
  }

  /** Returns pairs of size and count, ordered by size. */
  #sizes(): readonly (readonly [number, number])[] {
    const sizes: [number, number][] = [];
    this.#small.forEach((count, size) => {
      if (count > 0) sizes.push([size, count]);
    });
    return [...sizes, ...[...this.#large].sort(([a], [b]) => a - b)];
  }
}

function bucketOf(size: number, low: number, step: number, count: number): number {
  if (size === 0 || step === 0) return 0;
  return Math.min(floorDivision(Math.log(size) - low, step), count - 1);
}

/**
 * Divides as Python's `//`, which is exact where a quotient would round up to an integer. Powers of two, which are
 * frequent sizes, often fall on the boundary of two bars.
 */
function floorDivision(dividend: number, divisor: number): number {
  const quotient = (dividend - (dividend % divisor)) / divisor;
  return Math.round(quotient);
}
