import type { GroupBy } from '../config/index.js';
import type { Ledger } from '../ledger/index.js';
import { type GroupIndex, type GroupSums, type SiteGroup, SiteGroups } from './site-groups.js';
import {
  countersOnly,
  minus,
  NOTHING,
  rest,
  type SiteCounters,
  type SiteValues,
  since,
} from './site-values.js';

export interface CallSiteRow extends SiteGroup, SiteValues {}

/** What metrics say about call sites: the rows and the rest add up to the ledger's totals. */
export interface CallSiteView {
  readonly rows: readonly CallSiteRow[];
  readonly other: SiteValues;
}

interface Series {
  /** What the site had allocated when it got a series of its own: that part stays in `other`. */
  readonly offset: SiteCounters;
  /** Set when it was displaced: its counters stand still from then on. */
  stoodStillAt?: SiteCounters;
}

/**
 * Chooses the call sites that get a series of their own: at most `maxCallSites` at a time, the largest
 * first, and sticky, so that series do not flap: once all places are taken, a site must be twice as large
 * as the smallest to displace it. Metric readers keep a series for ever, so at most `maxCallSites` sites
 * are ever displaced; they are reported at zero retained, with their counter standing still.
 */
export class CallSiteSeries {
  readonly #maxCallSites: number;
  readonly #groups: SiteGroups;
  readonly #admitted = new Map<GroupIndex, Series>();
  readonly #displaced = new Map<GroupIndex, Series>();
  /** The sums of the view before. */
  #last: GroupSums | undefined;
  #other: SiteValues = NOTHING;

  constructor(options: { readonly maxCallSites: number; readonly groupBy?: GroupBy }) {
    this.#maxCallSites = options.maxCallSites;
    this.#groups = new SiteGroups(options.groupBy ?? 'function');
  }

  /**
   * @param ledger always the same one
   * @param atMillis now, on the clock of the ledger's readings
   */
  view(ledger: Ledger, atMillis: number): CallSiteView {
    const sums = this.#groups.sum(ledger, atMillis);
    this.#choose(sums);
    this.#last = sums;
    const rows = [...this.#admitted, ...this.#displaced].map(([group, series]) => ({
      ...this.#groups.group(group),
      ...ownValues(sums.of(group), series),
    }));
    this.#other = rest(sums.total, rows, this.#other);
    return { rows, other: this.#other };
  }

  #choose(sums: GroupSums): void {
    const waiting = sums
      .largestFirst()
      .filter((group) => !this.#admitted.has(group) && !this.#displaced.has(group));
    const bySize = [...this.#admitted.keys()].sort((a, b) => sums.weight(a) - sums.weight(b));
    for (const group of waiting) {
      if (this.#admitted.size >= this.#maxCallSites && !this.#makeRoom(bySize, group, sums)) return;
      // What earlier views reported of it was part of `other`, and a counter never goes back.
      this.#admitted.set(group, { offset: this.#last?.of(group) ?? NOTHING });
    }
  }

  #makeRoom(bySize: GroupIndex[], challenger: GroupIndex, sums: GroupSums): boolean {
    const smallest = bySize[0];
    if (smallest === undefined || this.#displaced.size >= this.#maxCallSites) return false;
    if (sums.weight(challenger) < 2 * sums.weight(smallest)) return false;
    bySize.shift();
    const series = this.#admitted.get(smallest);
    this.#admitted.delete(smallest);
    if (series) {
      series.stoodStillAt = minus(sums.of(smallest), series.offset);
      this.#displaced.set(smallest, series);
    }
    return true;
  }
}

/** What a series says: counters since it exists; a displaced one stands still and holds nothing. */
function ownValues(values: SiteValues, { stoodStillAt, offset }: Series): SiteValues {
  return stoodStillAt ? countersOnly(stoodStillAt) : since(values, offset);
}
