import type { HeapListener } from './heap-listener.js';
import type { MemrayLimits } from './limits.js';
import { LiveTable } from './live-table.js';
import { MappingTree } from './mapping-tree.js';
import type { AggregatedAllocation } from './record-handler.js';
import { SiteAmounts } from './site-amounts.js';

const TWO_32 = 2 ** 32;

/**
 * Follows a heap: what is alive by its address, and of each site the amounts of now, of the high-water mark, and of
 * all time. As in memray, a second allocation at a live address replaces the first without lowering the total.
 */
export class HighWaterMark implements HeapListener {
  readonly amounts: SiteAmounts = new SiteAmounts();
  readonly #limits: MemrayLimits;
  #live: LiveTable;
  #mappings: MappingTree;

  /** @param isDense whether less memory counts more than speed */
  constructor(limits: MemrayLimits, isDense = false) {
    this.#limits = limits;
    this.#live = new LiveTable(limits, isDense);
    this.#mappings = new MappingTree(limits);
  }

  /** Forgets the addresses of what is alive: no event follows. The amounts stay. */
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
    if (size === 0) this.amounts.change(site, 0, -1); // it was allocated, but there is nothing to be alive
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

  /** In an aggregated file the amounts are given. */
  aggregated(site: number, row: AggregatedAllocation): void {
    const peak = { bytes: row.peakBytes, count: row.peakCount };
    this.amounts.given(site, peak, { bytes: row.leakedBytes, count: row.leakedCount });
  }
}
