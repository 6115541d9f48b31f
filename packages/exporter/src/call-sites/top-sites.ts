import {
  largest,
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
   * again when the series is removed.
   */
  readonly dropped: readonly number[];
}

interface Series extends SiteSeries {
  readonly sinceMillis: number | undefined;
}

/**
 * The exact top N: each view has the largest call sites and no others, for readers in which series can vanish. Sites of
 * equal weight keep their places. Counters never decrease, including those of `other`. A site that becomes one of the
 * largest counts from 0: what `other` has counted of it stays there. A site that returns counts from 0 again.
 */
export class TopSites<K> {
  readonly #maxSites: number;
  #series: Map<K, Series> = new Map();
  #last: { readonly reading: SiteReading<K>; readonly epochMillis: number } | undefined;
  #other: readonly number[] | undefined;
  #dropped: readonly number[] | undefined;

  constructor(maxSites: number) {
    this.#maxSites = maxSites;
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
    const dropped = this.#dropped ?? zeros(reading.total).counters;
    const other = remainder(reading.total, [...rows, { counters: dropped, gauges: [] }], this.#other);
    this.#other = other.counters;
    return { rows, other, dropped };
  }

  #choose(reading: SiteReading<K>, ranking: SiteRanking<K>): void {
    const before = this.#series;
    const top = largest(reading, ranking, this.#maxSites, (site) => before.has(site));
    this.#series = new Map(top.map((site) => [site, before.get(site) ?? this.#begin(site)]));
    for (const [site, { shown }] of before) {
      if (!this.#series.has(site)) this.#dropped = plus(this.#dropped, shown);
    }
  }

  /** Starts a series. It counts allocations after the previous view, or all in the first view. */
  #begin(site: K): Series {
    const offset = this.#last?.reading.sites.get(site)?.counters;
    return { offset, sinceMillis: this.#last?.epochMillis, shown: [] };
  }
}
