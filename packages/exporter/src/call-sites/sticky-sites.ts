import {
  largest,
  minus,
  remainder,
  type SiteAmounts,
  type SiteRanking,
  type SiteReading,
  type SiteSeries,
  showSeries,
  zeros,
} from './site-amounts.js';

export interface StickySitesOptions {
  /** Maximum number of sites followed at once. */
  readonly maxSites: number;
  /** Maximum number of sites that ever get a series. Another `maxSites` are reserved for pinned ones. */
  readonly maxSitesEver: number;
  /** Time for which a site must be among the largest before it replaces another, in ms. */
  readonly patienceMillis: number;
}

/** A call site that has, or had, a series of its own. */
export interface StickySite<K> extends SiteAmounts {
  readonly site: K;
}

/** The sites with series. Rows and `other` add up to the total. */
export interface StickySitesView<K> {
  /** Followed sites, then formerly followed ones, whose counters are constant and whose gauges are 0. */
  readonly rows: readonly StickySite<K>[];
  readonly other: SiteAmounts;
  /** Number of sites so far that would have got a series, but did not because of `maxSitesEver`. */
  readonly refused: number;
}

/**
 * The sticky top N, for readers that keep every series forever. Free places go to the largest sites at once. When all
 * are taken, a site must be pinned, or be among the N largest for `patienceMillis`, to replace the smallest one that is
 * not among them. A site that lost its place keeps its counters, which are then constant, and continues from there when
 * it returns. The number of sites that ever get a series is bounded.
 */
export class StickySites<K> {
  readonly #options: StickySitesOptions;
  readonly #followed: Map<K, SiteSeries> = new Map();
  readonly #retired: Map<K, SiteSeries> = new Map();
  /** Sites among the largest that have no place, and the time since when they are, in ms. */
  #waiting: Map<K, number> = new Map();
  readonly #refused: Set<K> = new Set();
  /** Number of refused sites that are gone. */
  #refusedBefore = 0;
  #last: SiteReading<K> | undefined;
  #other: readonly number[] | undefined;

  constructor(options: StickySitesOptions) {
    this.#options = options;
  }

  /**
   * Returns the rows for a reading.
   *
   * @param atMillis now, in ms of any monotonic clock
   */
  view(reading: SiteReading<K>, ranking: SiteRanking<K>, atMillis: number): StickySitesView<K> {
    this.#choose(reading, ranking, atMillis);
    this.#last = reading;
    const followed = [...this.#followed].map(([site, series]) => {
      return { site, ...showSeries(site, series, reading) };
    });
    const { gauges } = zeros(reading.total);
    const retired = [...this.#retired].map(([site, { shown }]) => ({ site, counters: shown, gauges }));
    const rows = [...followed, ...retired];
    const other = remainder(reading.total, rows, this.#other);
    this.#other = other.counters;
    return { rows, other, refused: this.#refusedSoFar(reading) };
  }

  /** Counts the refused sites, and forgets those that are gone. */
  #refusedSoFar({ sites }: SiteReading<K>): number {
    for (const site of this.#refused) {
      if (sites.has(site)) continue;
      this.#refused.delete(site);
      this.#refusedBefore++;
    }
    return this.#refusedBefore + this.#refused.size;
  }

  #choose(reading: SiteReading<K>, ranking: SiteRanking<K>, atMillis: number): void {
    const { maxSites, patienceMillis } = this.#options;
    const pinned = new Set(ranking.pinned);
    const top = largest(reading, ranking, maxSites, (site) => this.#followed.has(site));
    const losers = this.#losers(new Set(top), ranking);
    const waiting = new Map<K, number>();
    for (const site of top) {
      if (this.#followed.has(site)) continue;
      const since = this.#waiting.get(site) ?? atMillis;
      const isFree = this.#followed.size < maxSites;
      if (!isFree && !pinned.has(site) && atMillis - since < patienceMillis) waiting.set(site, since);
      else if (this.#mayFollow(site, pinned.has(site))) {
        const loser = isFree ? undefined : losers.shift();
        if (loser !== undefined) this.#retire(loser);
        this.#follow(site);
      }
    }
    this.#waiting = waiting;
  }

  /** Returns followed sites that are not among the largest, the smallest first. */
  #losers(top: ReadonlySet<K>, { weightOf }: SiteRanking<K>): K[] {
    const losers = [...this.#followed.keys()].filter((site) => !top.has(site));
    return losers.sort((a, b) => weightOf(a) - weightOf(b));
  }

  #mayFollow(site: K, isPinned: boolean): boolean {
    if (this.#retired.has(site)) return true;
    const { maxSites, maxSitesEver } = this.#options;
    const ever = this.#followed.size + this.#retired.size;
    if (ever < maxSitesEver + (isPinned ? maxSites : 0)) return true;
    this.#refused.add(site);
    return false;
  }

  #follow(site: K): void {
    const before = this.#last?.sites.get(site)?.counters;
    const retired = this.#retired.get(site);
    this.#retired.delete(site);
    // Earlier views counted these bytes in `other`, and a counter must not decrease.
    const offset = retired ? before && minus(before, retired.shown) : before;
    this.#followed.set(site, { offset, shown: retired?.shown ?? [] });
  }

  #retire(site: K): void {
    const series = this.#followed.get(site);
    this.#followed.delete(site);
    if (series) this.#retired.set(site, series);
  }
}
