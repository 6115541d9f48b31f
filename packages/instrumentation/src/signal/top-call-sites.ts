import { TopSites } from '@heapray/exporter/call-sites';
import type { GroupBy } from '../config/index.js';
import type { CallSite, Ledger } from '../ledger/index.js';
import type { CallSiteRow, CallSiteView } from './call-site-series.js';
import { RankedSites } from './ranked-sites.js';
import type { GroupIndex } from './site-groups.js';
import { countersOf, type SiteCounters, valuesOf } from './site-values.js';

/** A call site with when its counters began, ms since the epoch; undefined: when profiling did. */
export interface TopCallSiteRow extends CallSiteRow {
  readonly sinceMillis: number | undefined;
}

/** What a reader that can drop series is told: the rows, the rest and the dropped add up to the ledger's totals. */
export interface TopCallSitesView extends CallSiteView {
  readonly rows: readonly TopCallSiteRow[];
  /** Counters of series that are gone, see `TopSites`. */
  readonly dropped: SiteCounters;
}

export interface TopCallSitesOptions {
  readonly maxCallSites: number;
  readonly groupBy: GroupBy;
}

/**
 * The `maxCallSites` largest call sites at each view, and no others: see `TopSites`. A site that retains nothing and
 * allocates no more is forgotten.
 */
export class TopCallSites {
  readonly #sites: RankedSites;
  readonly #top: TopSites<GroupIndex>;

  constructor({ maxCallSites, groupBy }: TopCallSitesOptions) {
    this.#sites = new RankedSites(groupBy);
    this.#top = new TopSites(maxCallSites);
  }

  /**
   * @param ledger always the same one
   * @param atMillis now, on the clock of the ledger's readings
   * @param epochMillis now, since the epoch
   * @param suspects the present leak suspects, the fastest first
   */
  view(
    ledger: Ledger,
    atMillis: number,
    epochMillis: number,
    suspects: readonly CallSite[] = [],
  ): TopCallSitesView {
    const { reading, ranking } = this.#sites.read(ledger, atMillis, suspects);
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
