import type { MemrayLimits } from '../format/limits.js';
import type { AggregatedAllocation } from '../format/record-handler.js';
import type { HeapListener } from '../model/heap-listener.js';
import { LiveTable } from './live-table.js';
import { MappingTree } from './mapping-tree.js';
import { SiteAmounts } from './site-amounts.js';

const TWO_32 = 2 ** 32;

/**
 * Follows a heap: live allocations by address, and the amounts of each site now, at the high-water mark, and in total.
 * As in memray, a second allocation at a live address replaces the first without lowering the total.
 */
export class HighWaterMark implements HeapListener {
  readonly amounts: SiteAmounts = new SiteAmounts();
  readonly #limits: MemrayLimits;
  #live: LiveTable;
  #mappings: MappingTree;

  /**
   * Creates an empty heap.
   *
   * @param isDense whether saving memory is more important than speed. Default false
   */
  constructor(limits: MemrayLimits, isDense = false) {
    this.#limits = limits;
    this.#live = new LiveTable(limits, isDense);
    this.#mappings = new MappingTree(limits);
  }

  /** Releases the addresses of live allocations. No event may follow. The amounts are kept. */
  seal(): void {
    this.#live = new LiveTable(this.#limits);
    this.#mappings = new MappingTree(this.#limits);
  }

  allocated(site: number, high: number, low: number, size: number): void {
    const replaced = this.#live.set(high, low, site, size);
    if (replaced !== 0) this.amounts.change(replaced, -this.#live.removedSize, -1);
    this.amounts.born(site, size);
    this.amounts.settle(size);
  }

  freed(_thread: number, high: number, low: number): void {
    const site = this.#live.remove(high, low);
    const size = site === 0 ? 0 : this.#live.removedSize;
    if (site !== 0) this.amounts.change(site, -size, -1);
    this.amounts.settle(-size);
  }

  mapped(site: number, high: number, low: number, size: number): void {
    const start = high * TWO_32 + low;
    this.#mappings.add(start, start + size, site);
    this.amounts.born(site, size);
    if (size === 0) this.amounts.change(site, 0, -1); // an empty mapping counts as allocated but is never alive
    this.amounts.settle(size);
  }

  unmapped(_thread: number, high: number, low: number, size: number): void {
    const start = high * TWO_32 + low;
    let gone = 0;
    this.#mappings.remove(start, start + size, (site, bytes, pieces) => {
      this.amounts.change(site, -bytes, pieces);
      gone += bytes;
    });
    this.amounts.settle(-gone);
  }

  /** Adds the amounts of a row in an aggregated file. */
  aggregated(site: number, row: AggregatedAllocation): void {
    const peak = { bytes: row.peakBytes, count: row.peakCount };
    this.amounts.given(site, peak, { bytes: row.leakedBytes, count: row.leakedCount });
  }
}
