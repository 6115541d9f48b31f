import { TopSites } from '@heapray/exporter/call-sites';
import type { GroupBy } from '../../config/index.js';
import type { CallSite } from '../ledger/index.js';
import { RankedSites } from './ranked-sites.js';
import type { GroupIndex, SummedSources } from './site-groups.js';
import { countersOf, type SiteCounters, valuesOf } from './site-values.js';
import type { CallSiteRow, CallSiteView } from './sticky-call-sites.js';

/**
 * A call site with the start of its counters, in ms since the epoch; undefined if they started with
 * profiling.
 */
export interface TopCallSiteRow extends CallSiteRow {
  readonly sinceMillis: number | undefined;
}

/** View for a reader that can drop series: rows, `other` and `dropped` add up to the ledgers' totals. */
export interface TopCallSitesView extends CallSiteView {
  readonly rows: readonly TopCallSiteRow[];
  /** Counters of dropped series, see `TopSites`. */
  readonly dropped: SiteCounters;
}

export interface TopCallSitesOptions {
  readonly maxCallSites: number;
  readonly groupBy: GroupBy;
  /** See `TopSitesOptions`. */
  readonly continues?: boolean;
}

/**
 * Selects exactly the `maxCallSites` largest call sites at each view: see `TopSites`. Forgets a site that has
 * nothing in use and allocates no more.
 */
export class TopCallSites {
  readonly #sites: RankedSites;
  readonly #top: TopSites<GroupIndex>;

  constructor({ maxCallSites, groupBy, continues = false }: TopCallSitesOptions) {
    this.#sites = new RankedSites(groupBy);
    this.#top = new TopSites({ maxSites: maxCallSites, continues });
  }

  /**
   * Returns the largest call sites at one moment.
   *
   * @param sources must be of the same process in all calls
   * @param atMillis present time on the clock of the ledger's polls
   * @param epochMillis present time in ms since the epoch
   * @param suspects present leak suspects, fastest growth first
   */
  view(
    sources: SummedSources,
    atMillis: number,
    epochMillis: number,
    suspects: readonly CallSite[] = [],
  ): TopCallSitesView {
    const { reading, ranking } = this.#sites.read(sources, atMillis, suspects);
    const { rows, other, dropped } = this.#top.view(reading, ranking, epochMillis);
    return {
      rows: rows.map((row) => {
        return { ...this.#sites.group(row.site), ...valuesOf(row), sinceMillis: row.sinceMillis };
      }),
      other: valuesOf(other),
      dropped: countersOf(dropped),
    };
  }
}
