import {
  largest,
  minus,
  plus,
  remainder,
  type SiteAmounts,
  type SiteRanking,
  type SiteReading,
  type SiteSeries,
  showSeries,
  zeros,
} from './site-amounts.js';

/** A call site that has a series of its own. */
export interface TopSite<K> extends SiteAmounts {
  readonly site: K;
  /** Start of its counters, in ms since the Unix epoch; undefined: the start of the program. */
  readonly sinceMillis: number | undefined;
}

/** The largest call sites. Rows, `other` and `dropped` add up to the total. */
export interface TopSitesView<K> {
  readonly rows: readonly TopSite<K>[];
  readonly other: SiteAmounts;
  /**
   * Sum of the counters of removed series. It is not part of `other`: a rate over all series would count these bytes
   * again when the series is removed. It falls when a series continues.
   */
  readonly dropped: readonly number[];
}

export interface TopSitesOptions {
  readonly maxSites: number;
  /**
   * True if the series of a site that returns continues with its counters, for readers that do not know when a series
   * began: to them, a counter from 0 is a counter that falls. Default: it counts from 0 again.
   */
  readonly continues?: boolean;
}

interface Series extends SiteSeries {
  readonly sinceMillis: number | undefined;
}

/**
 * The exact top N: each view has the largest call sites and no others, for readers in which series can vanish. Sites of
 * equal weight keep their places. Counters never decrease, including those of `other`. A site that becomes one of the
 * largest counts from 0: what `other` has counted of it stays there. So does a site that returns, or it continues from its
 * last counters.
 */
export class TopSites<K> {
  readonly #maxSites: number;
  readonly #continues: boolean;
  #series: Map<K, Series> = new Map();
  /** Removed series that may continue. */
  readonly #removed: Map<K, Series> = new Map();
  #last: { readonly reading: SiteReading<K>; readonly epochMillis: number } | undefined;
  #other: readonly number[] | undefined;
  /** Sum of the removed series that cannot continue. */
  #ended: readonly number[] | undefined;

  constructor({ maxSites, continues = false }: TopSitesOptions) {
    this.#maxSites = maxSites;
    this.#continues = continues;
  }

  /**
   * Returns the rows for a reading.
   *
   * @param epochMillis now, in ms since the Unix epoch
   */
  view(reading: SiteReading<K>, ranking: SiteRanking<K>, epochMillis: number): TopSitesView<K> {
    this.#choose(reading, ranking);
    this.#last = { reading, epochMillis };
    const rows = [...this.#series].map(([site, series]) => {
      return { site, ...showSeries(site, series, reading), sinceMillis: series.sinceMillis };
    });
    const dropped = this.#dropped(reading);
    const other = remainder(reading.total, [...rows, { counters: dropped, gauges: [] }], this.#other);
    this.#other = other.counters;
    return { rows, other, dropped };
  }

  #choose(reading: SiteReading<K>, ranking: SiteRanking<K>): void {
    const before = this.#series;
    const top = largest(reading, ranking, this.#maxSites, (site) => before.has(site));
    this.#series = new Map(top.map((site) => [site, before.get(site) ?? this.#begin(site)]));
    for (const [site, series] of before) if (!this.#series.has(site)) this.#removed.set(site, series);
  }

  /**
   * Starts or continues a series. It counts allocations after the previous view, or all in the first view, beside those
   * that it has counted before.
   */
  #begin(site: K): Series {
    const before = this.#last?.reading.sites.get(site)?.counters;
    const removed = this.#removed.get(site);
    this.#removed.delete(site);
    if (removed === undefined) return { offset: before, sinceMillis: this.#last?.epochMillis, shown: [] };
    const { shown, sinceMillis } = removed;
    return { offset: before && minus(before, shown), sinceMillis, shown };
  }

  /** Returns the sum of the removed series. Forgets those of sites that are gone, and all that must not continue. */
  #dropped({ sites, total }: SiteReading<K>): readonly number[] {
    let dropped: readonly number[] | undefined;
    for (const [site, { shown }] of this.#removed) {
      if (this.#continues && sites.has(site)) dropped = plus(dropped, shown);
      else {
        this.#removed.delete(site);
        this.#ended = plus(this.#ended, shown);
      }
    }
    return plus(this.#ended, dropped ?? zeros(total).counters);
  }
}
