import { StickySites } from '@heapray/exporter/call-sites';
import type { GroupBy } from '../config/index.js';
import type { CallSite, Ledger } from '../ledger/index.js';
import { RankedSites } from './ranked-sites.js';
import type { GroupIndex, SiteGroup } from './site-groups.js';
import { type SiteValues, valuesOf } from './site-values.js';

export interface CallSiteRow extends SiteGroup, SiteValues {}

/** What metrics say about call sites: the rows and the rest add up to the ledger's totals. */
export interface CallSiteView {
  readonly rows: readonly CallSiteRow[];
  readonly other: SiteValues;
}

/** Time that a call site must be one of the largest for, to take the place of another. */
export const PATIENCE_MILLIS = 60_000;
/** Series per place over the life of the process. */
const SITES_EVER_PER_PLACE = 20;
/** OpenTelemetry's SDK keeps 2000 series of a metric, and `retained` has up to six for each call site. */
const MAX_SITES_EVER = 300;

/**
 * Chooses the call sites that get a series from the instruments, which keep every series for ever: see `StickySites`.
 * The rows are the `maxCallSites` that are followed, and those that lost their place: these stand still at zero
 * retained.
 */
export class CallSiteSeries {
  readonly #sites: RankedSites;
  readonly #sticky: StickySites<GroupIndex>;
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

  /** Number of call sites so far that were to get a series and did not, because too many had one before. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * @param ledger always the same one
   * @param atMillis now, on the clock of the ledger's readings
   * @param suspects the present leak suspects, the fastest first
   */
  view(ledger: Ledger, atMillis: number, suspects: readonly CallSite[] = []): CallSiteView {
    const { reading, ranking } = this.#sites.read(ledger, atMillis, suspects);
    const { rows, other, refused } = this.#sticky.view(reading, ranking, atMillis);
    this.#refused = refused;
    return {
      rows: rows.map((row) => ({ ...this.#sites.group(row.site), ...valuesOf(row) })),
      other: valuesOf(other),
    };
  }
}
