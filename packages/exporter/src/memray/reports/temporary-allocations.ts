import type { Amount } from '../heap/site-amounts.js';
import type { HeapListener } from '../model/heap-listener.js';

/** Words of an entry: address high, address low, size low, size high, site; one is unused. */
const STRIDE = 6;
const TWO_32 = 2 ** 32;
const MAX_THRESHOLD = 1_000_000;

/**
 * Counts temporary allocations: those freed by their own thread before it made more than `threshold` others. As in
 * memray, an address freed twice within that time counts twice.
 */
export class TemporaryAllocations implements HeapListener {
  readonly #window: number;
  readonly #threadOf: (site: number) => number;
  /** Ring of the last allocations of each thread. */
  readonly #rings: Ring[] = [];
  readonly #bytes: number[] = [];
  readonly #counts: number[] = [];

  /**
   * Creates an empty counter.
   *
   * @param threshold maximum number of other allocations in between
   * @param threadOf returns the thread index of a site
   * @throws RangeError for a threshold that is not an integer from 0 to a million
   */
  constructor(threshold: number, threadOf: (site: number) => number) {
    if (!Number.isInteger(threshold) || threshold < 0 || threshold > MAX_THRESHOLD) {
      throw new RangeError(`the threshold must be an integer from 0 to ${MAX_THRESHOLD}, not ${threshold}`);
    }
    this.#window = threshold + 1;
    this.#threadOf = threadOf;
  }

  /** Returns the temporary allocations of a site. */
  temporary(site: number): Amount {
    return { bytes: this.#bytes[site] ?? 0, count: this.#counts[site] ?? 0 };
  }

  allocated(site: number, high: number, low: number, size: number): void {
    this.#ring(this.#threadOf(site)).add(site, high, low, size);
  }

  mapped(site: number, high: number, low: number, size: number): void {
    this.#ring(this.#threadOf(site)).add(site, high, low, size);
  }

  freed(thread: number, high: number, low: number): void {
    this.#end(thread, high, low, -1);
  }

  unmapped(thread: number, high: number, low: number, size: number): void {
    this.#end(thread, high, low, size);
  }

  #end(thread: number, high: number, low: number, size: number): void {
    const ring = this.#rings[thread];
    const at = ring?.find(high, low, size) ?? -1;
    if (ring === undefined || at < 0) return;
    const site = ring.site(at);
    this.#counts[site] = (this.#counts[site] ?? 0) + 1;
    this.#bytes[site] = (this.#bytes[site] ?? 0) + ring.size(at);
  }

  #ring(thread: number): Ring {
    const known = this.#rings[thread];
    if (known !== undefined) return known;
    const ring = new Ring(this.#window);
    this.#rings[thread] = ring;
    return ring;
  }
}

/** The last `capacity` allocations of a thread. */
class Ring {
  readonly #capacity: number;
  #words: Uint32Array;
  #next = 0;
  #filled = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#words = new Uint32Array(Math.min(capacity, 16) * STRIDE);
  }

  add(site: number, high: number, low: number, size: number): void {
    if (this.#filled * STRIDE === this.#words.length && this.#filled < this.#capacity) this.#grow();
    const words = this.#words;
    const at = this.#next * STRIDE;
    words[at] = high;
    words[at + 1] = low;
    words[at + 2] = size;
    words[at + 3] = size / TWO_32;
    words[at + 4] = site;
    this.#filled = Math.max(this.#filled, this.#next + 1);
    this.#next = this.#next + 1 === this.#capacity ? 0 : this.#next + 1;
  }

  /** Returns the index of the newest entry with this address and size (any size if negative); -1 if there is none. */
  find(high: number, low: number, size: number): number {
    const words = this.#words;
    for (let back = 1; back <= this.#filled; back += 1) {
      const entry = (this.#next - back + this.#filled) % this.#filled;
      const at = entry * STRIDE;
      if (words[at] !== high || words[at + 1] !== low) continue;
      if (size < 0 || this.size(at) === size) return at;
    }
    return -1;
  }

  site(at: number): number {
    return this.#words[at + 4]!;
  }

  size(at: number): number {
    return this.#words[at + 3]! * TWO_32 + this.#words[at + 2]!;
  }

  /** Grows the ring. Only called while it is not full, when its entries are in order from the first. */
  #grow(): void {
    const words = new Uint32Array(Math.min(this.#capacity, this.#filled * 2) * STRIDE);
    words.set(this.#words);
    this.#words = words;
  }
}
