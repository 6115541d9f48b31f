import type { CallSite, Ledger, SiteIndex } from '../ledger/index.js';

/** One call site's values, in bytes. */
export interface CallSiteRow extends CallSite {
  /** Since the start; never decreases. */
  readonly allocated: number;
  /** Now. */
  readonly retained: number;
}

/** What metrics say about call sites: the rows and the rest add up to the ledger's totals. */
export interface CallSiteView {
  readonly rows: readonly CallSiteRow[];
  readonly other: { readonly allocated: number; readonly retained: number };
}

interface Series {
  /** What the site had allocated when it got a series of its own: that part stays in `other`. */
  readonly offset: number;
  /** Set when it was displaced: its counter stands still from then on. */
  frozen?: number;
}

/**
 * Chooses the call sites that get a series of their own: at most `maxCallSites` at a time, the largest
 * first, and sticky, so that series do not flap: once all places are taken, a site must be twice as large
 * as the smallest to displace it. Metric readers keep a series for ever, so at most `maxCallSites` sites
 * are ever displaced; they are reported at zero retained, with their counter standing still.
 */
export class CallSiteSeries {
  readonly #maxCallSites: number;
  readonly #admitted = new Map<SiteIndex, Series>();
  readonly #displaced = new Map<SiteIndex, Series>();
  /** By site: what had been allocated at the view before. */
  #lastAllocated: readonly number[] = [];

  constructor(options: { readonly maxCallSites: number }) {
    this.#maxCallSites = options.maxCallSites;
  }

  view(ledger: Ledger): CallSiteView {
    const sums = sumBySite(ledger);
    this.#choose(sums);
    this.#lastAllocated = sums.allocated;
    const rows = [...this.#admitted, ...this.#displaced].map(([index, series]) => {
      const { allocated, retained } = sums.of(index);
      const own = series.frozen ?? allocated - series.offset;
      return {
        ...ledger.sites.site(index),
        allocated: own,
        retained: series.frozen === undefined ? retained : 0,
      };
    });
    const shown = rows.reduce(
      (sum, row) => ({ allocated: sum.allocated + row.allocated, retained: sum.retained + row.retained }),
      { allocated: 0, retained: 0 },
    );
    return {
      rows,
      other: {
        allocated: Math.max(0, sums.totalAllocated - shown.allocated),
        retained: Math.max(0, sums.totalRetained - shown.retained),
      },
    };
  }

  #choose(sums: SiteSums): void {
    const waiting = sums.largestFirst.filter(
      (index) => !this.#admitted.has(index) && !this.#displaced.has(index),
    );
    const bySize = [...this.#admitted.keys()].sort((a, b) => sums.weight(a) - sums.weight(b));
    for (const index of waiting) {
      if (this.#admitted.size >= this.#maxCallSites && !this.#makeRoom(bySize, index, sums)) return;
      // What earlier views reported of it was part of `other`, and a counter never goes back.
      this.#admitted.set(index, { offset: this.#lastAllocated[index] ?? 0 });
    }
  }

  #makeRoom(bySize: SiteIndex[], challenger: SiteIndex, sums: SiteSums): boolean {
    const smallest = bySize[0];
    if (smallest === undefined || this.#displaced.size >= this.#maxCallSites) return false;
    if (sums.weight(challenger) < 2 * sums.weight(smallest)) return false;
    bySize.shift();
    const series = this.#admitted.get(smallest);
    this.#admitted.delete(smallest);
    if (series) {
      series.frozen = sums.of(smallest).allocated - series.offset;
      this.#displaced.set(smallest, series);
    }
    return true;
  }
}

class SiteSums {
  readonly allocated: number[] = [];
  readonly retained: number[] = [];
  totalAllocated = 0;
  totalRetained = 0;

  add(site: SiteIndex, allocated: number, retained: number): void {
    this.allocated[site] = (this.allocated[site] ?? 0) + allocated;
    this.retained[site] = (this.retained[site] ?? 0) + retained;
    this.totalAllocated += allocated;
    this.totalRetained += retained;
  }

  of(site: SiteIndex): { readonly allocated: number; readonly retained: number } {
    return { allocated: this.allocated[site] ?? 0, retained: this.retained[site] ?? 0 };
  }

  /** A site matters for its share of what is allocated or of what is retained, whichever is larger. */
  weight(site: SiteIndex): number {
    const { allocated, retained } = this.of(site);
    return Math.max(allocated / (this.totalAllocated || 1), retained / (this.totalRetained || 1));
  }

  get largestFirst(): SiteIndex[] {
    const sites = [...this.allocated.keys()].filter((site) => this.weight(site) > 0);
    return sites.sort((a, b) => this.weight(b) - this.weight(a));
  }
}

function sumBySite(ledger: Ledger): SiteSums {
  const sums = new SiteSums();
  for (let node = 0; node < ledger.tree.size; node++) {
    const allocated = ledger.allocatedBytes(node);
    const retained = ledger.inUseBytes(node);
    if (allocated > 0 || retained > 0) sums.add(ledger.sites.siteOf(node), allocated, retained);
  }
  return sums;
}
