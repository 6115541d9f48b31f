import type { HeapListener } from './heap-listener.js';
import type { MemrayLimits } from './limits.js';
import { LiveTable } from './live-table.js';
import { MappingTree } from './mapping-tree.js';
import type { AggregatedAllocation } from './record-handler.js';

const TWO_32 = 2 ** 32;
const INITIAL_SITES = 256;
/** Numbers kept of a site; eight make a cache line. */
const ROW = 8;
const LIVE_BYTES = 0;
const LIVE_COUNT = 1;
const PEAK_BYTES = 2;
const PEAK_COUNT = 3;
const SEEN_PEAK = 4;
const TOTAL_BYTES = 5;
const TOTAL_COUNT = 6;

/** Bytes and number of allocations. */
export interface Amount {
  readonly bytes: number;
  readonly count: number;
}

/**
 * Follows a heap, and knows of each site what it allocated in all, what of it was alive at the high-water mark
 * and what still is: in one pass, without a copy of the heap at every peak.
 *
 * A peak only advances a number. A site takes its amounts down as those of the peak when it first changes after
 * one; if it has not changed since, what is alive is what was alive then.
 *
 * Of equal peaks the latest counts, as in memray, and as there a second allocation at a live address replaces
 * the first without lowering the total.
 */
export class HighWaterMark implements HeapListener {
  readonly #live: LiveTable;
  readonly #mappings: MappingTree;
  #rows: Float64Array = new Float64Array(INITIAL_SITES * ROW);
  #peaks = 1;
  #heap = 0;
  #peakBytes = 0;
  #peakIndex = 0;
  #events = 0;

  constructor(limits: MemrayLimits) {
    this.#live = new LiveTable(limits);
    this.#mappings = new MappingTree(limits);
  }

  /** Allocations and deallocations so far. */
  get events(): number {
    return this.#events;
  }

  get liveBytes(): number {
    return this.#heap;
  }

  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** The event, counted from 0, after which the heap was largest. */
  get peakIndex(): number {
    return this.#peakIndex;
  }

  /** What is alive now; each piece of a mapping counts as one. */
  live(site: number): Amount {
    return this.#amount(site, LIVE_BYTES);
  }

  /** What was alive at the high-water mark. */
  atPeak(site: number): Amount {
    const changed = this.#rows[site * ROW + SEEN_PEAK] === this.#peaks;
    return this.#amount(site, changed ? PEAK_BYTES : LIVE_BYTES);
  }

  /** All that was ever allocated. */
  total(site: number): Amount {
    return this.#amount(site, TOTAL_BYTES);
  }

  allocated(site: number, high: number, low: number, size: number): void {
    const replaced = this.#live.set(high, low, site, size);
    if (replaced !== 0) this.#change(replaced, -this.#live.removedSize, -1);
    this.#born(site, size);
    this.#heap += size;
    this.#settle();
  }

  freed(_thread: number, high: number, low: number): void {
    const site = this.#live.remove(high, low);
    if (site !== 0) {
      const size = this.#live.removedSize;
      this.#change(site, -size, -1);
      this.#heap -= size;
    }
    this.#settle();
  }

  mapped(site: number, high: number, low: number, size: number): void {
    const start = high * TWO_32 + low;
    this.#mappings.add(start, start + size, site);
    this.#born(site, size);
    if (size === 0) this.#change(site, 0, -1); // it was allocated, but there is nothing to be alive
    this.#heap += size;
    this.#settle();
  }

  unmapped(_thread: number, high: number, low: number, size: number): void {
    const start = high * TWO_32 + low;
    this.#mappings.remove(start, start + size, (site, bytes, pieces) => {
      this.#change(site, -bytes, pieces);
      this.#heap -= bytes;
    });
    this.#settle();
  }

  /** In an aggregated file the amounts are given. */
  aggregated(site: number, row: AggregatedAllocation): void {
    this.#change(site, row.leakedBytes, row.leakedCount);
    const at = site * ROW;
    this.#rows[at + PEAK_BYTES]! += row.peakBytes;
    this.#rows[at + PEAK_COUNT]! += row.peakCount;
    this.#heap += row.leakedBytes;
    this.#peakBytes += row.peakBytes;
  }

  #born(site: number, size: number): void {
    this.#change(site, size, 1);
    const at = site * ROW;
    this.#rows[at + TOTAL_BYTES]! += size;
    this.#rows[at + TOTAL_COUNT]! += 1;
  }

  #change(site: number, bytes: number, count: number): void {
    const at = site * ROW;
    if (at >= this.#rows.length) this.#grow(at);
    const rows = this.#rows;
    if (rows[at + SEEN_PEAK] !== this.#peaks) {
      rows[at + SEEN_PEAK] = this.#peaks;
      rows[at + PEAK_BYTES] = rows[at + LIVE_BYTES]!;
      rows[at + PEAK_COUNT] = rows[at + LIVE_COUNT]!;
    }
    rows[at + LIVE_BYTES]! += bytes;
    rows[at + LIVE_COUNT]! += count;
  }

  /** After every event, also one that changed nothing: it may move the moment of the peak on. */
  #settle(): void {
    if (this.#heap >= this.#peakBytes) {
      this.#peakBytes = this.#heap;
      this.#peakIndex = this.#events;
      this.#peaks += 1;
    }
    this.#events += 1;
  }

  #amount(site: number, column: number): Amount {
    const at = site * ROW + column;
    return { bytes: this.#rows[at] ?? 0, count: this.#rows[at + 1] ?? 0 };
  }

  #grow(needed: number): void {
    const rows = new Float64Array(Math.max(this.#rows.length * 2, needed + ROW));
    rows.set(this.#rows);
    this.#rows = rows;
  }
}
