import {
  atLeast,
  largest,
  minus,
  plus,
  remainder,
  type SiteAmounts,
  type SiteRanking,
  type SiteReading,
} from './site-amounts.js';

/** A call site that has a series of its own. */
export interface TopSite<K> extends SiteAmounts {
  readonly site: K;
  /** When its counters began, ms since the Unix epoch; undefined: with the program. */
  readonly sinceMillis: number | undefined;
}

/** The largest call sites; rows, other and dropped add up to the total. */
export interface TopSitesView<K> {
  readonly rows: readonly TopSite<K>[];
  readonly other: SiteAmounts;
  /**
   * Counters of series that are gone. They are not part of `other`: a rate over all series would count them a second
   * time when the series goes.
   */
  readonly dropped: readonly number[];
}

interface Series {
  /** Counters of the site when its series began; that part stays in `other`. */
  readonly offset: readonly number[] | undefined;
  readonly sinceMillis: number | undefined;
  /** Counters as the view before showed them. */
  shown: readonly number[];
}

/**
 * The exact top N: in each view the largest call sites and no others, for readers in which a series can vanish. Sites
 * of the same weight keep their places. Counters never decrease, those of `other` included: a site that becomes one of
 * the largest leaves in `other` what `other` has shown of it and counts from 0; one that comes back counts from 0 again.
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

  /** @param epochMillis now, since the Unix epoch */
  view(reading: SiteReading<K>, ranking: SiteRanking<K>, epochMillis: number): TopSitesView<K> {
    this.#choose(reading, ranking);
    this.#last = { reading, epochMillis };
    const rows = [...this.#series].map(([site, series]) => {
      const { counters, gauges } = reading.sites.get(site) ?? nothingOf(reading.total);
      series.shown = atLeast(minus(counters, series.offset), series.shown);
      return { site, counters: series.shown, gauges, sinceMillis: series.sinceMillis };
    });
    const dropped = this.#dropped ?? nothingOf(reading.total).counters;
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

  /** A series counts what was allocated after the view before; in the first view, everything. */
  #begin(site: K): Series {
    const offset = this.#last?.reading.sites.get(site)?.counters;
    return { offset, sinceMillis: this.#last?.epochMillis, shown: [] };
  }
}

function nothingOf({ counters, gauges }: SiteAmounts): SiteAmounts {
  return { counters: counters.map(() => 0), gauges: gauges.map(() => 0) };
}
