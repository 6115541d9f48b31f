import { StickySites } from '@heapray/exporter/call-sites';
import type { GroupBy } from '../../config/index.js';
import type { CallSite } from '../ledger/index.js';
import { RankedSites } from './ranked-sites.js';
import type { GroupIndex, SiteGroup, SummedSources } from './site-groups.js';
import { type SiteValues, valuesOf } from './site-values.js';

export interface CallSiteRow extends SiteGroup, SiteValues {}

/** Call sites for metrics: the rows and `other` add up to the ledgers' totals. */
export interface CallSiteView {
  readonly rows: readonly CallSiteRow[];
  readonly other: SiteValues;
}

/** Time for which a call site must be among the largest to replace another, in ms. */
export const PATIENCE_MILLIS = 60_000;
/** Maximum number of series over the life of the process, per place. */
const SITES_EVER_PER_PLACE = 20;
/** Limit below the SDK's 2000 series for each metric; `retained` has up to six for each call site. */
const MAX_SITES_EVER = 300;

/**
 * Selects the call sites that get a series from the instruments, which keep every series for the life of the
 * process: see `StickySites`. The rows are the `maxCallSites` selected ones, and those that lost their place,
 * which stay with nothing in use.
 */
export class StickyCallSites {
  readonly #sites: RankedSites;
  readonly #sticky: StickySites<GroupIndex>;
  /** Groups that have a series: that of an ended source keeps it. */
  readonly #shown = new Map<GroupIndex, SiteGroup>();
  #refused = 0;

  constructor(options: { readonly maxCallSites: number; readonly groupBy?: GroupBy }) {
    const { maxCallSites: maxSites, groupBy = 'function' } = options;
    const maxSitesEver = Math.max(
      maxSites,
      Math.min(MAX_SITES_EVER - maxSites, SITES_EVER_PER_PLACE * maxSites),
    );
    this.#sites = new RankedSites(groupBy);
    this.#sticky = new StickySites({ maxSites, maxSitesEver, patienceMillis: PATIENCE_MILLIS });
  }

  /** Number of call sites so far that got no series because too many have had one. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Returns the selected call sites at one moment.
   *
   * @param sources must be of the same process in all calls
   * @param atMillis present time on the clock of the ledger's polls
   * @param suspects present leak suspects, fastest growth first
   */
  view(sources: SummedSources, atMillis: number, suspects: readonly CallSite[] = []): CallSiteView {
    const { reading, ranking } = this.#sites.read(sources, atMillis, suspects);
    const { rows, other, refused } = this.#sticky.view(reading, ranking, atMillis);
    this.#refused = refused;
    return {
      rows: rows.map((row) => ({ ...this.#group(row.site), ...valuesOf(row) })),
      other: valuesOf(other),
    };
  }

  #group(index: GroupIndex): SiteGroup {
    // Copy: the original refers to the tree of its source.
    const group = this.#shown.get(index) ?? { ...this.#sites.group(index) };
    this.#shown.set(index, group);
    return group;
  }
}
