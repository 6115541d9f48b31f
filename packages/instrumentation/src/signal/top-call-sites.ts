import type { GroupBy } from '../config/index.js';
import type { Ledger } from '../ledger/index.js';
import type { CallSiteRow, CallSiteView } from './call-site-series.js';
import { RecentAllocation } from './recent-allocation.js';
import { type GroupIndex, type GroupSums, SiteGroups } from './site-groups.js';
import {
  countersOnly,
  NOTHING,
  plus,
  rest,
  type SiteCounters,
  type SiteValues,
  since,
} from './site-values.js';

/** A call site with when its counters began, ms since the epoch; undefined: when profiling did. */
export interface TopCallSiteRow extends CallSiteRow {
  readonly sinceMillis: number | undefined;
}

/** What a reader that can drop series is told: the rows, the rest and the dropped add up to the ledger's totals. */
export interface TopCallSitesView extends CallSiteView {
  readonly rows: readonly TopCallSiteRow[];
  /**
   * What sites that lost their series had counted in it. It cannot be in `other` as well: that would count twice in
   * a rate over all series what they had shown when it happened.
   */
  readonly dropped: SiteCounters;
}

interface Series {
  /** What the site had allocated when its series began: that part stays in `other`. */
  readonly offset: SiteCounters;
  readonly sinceMillis: number | undefined;
  /** What its counters said in the view before. */
  shown: SiteCounters;
}

export interface TopCallSitesOptions {
  readonly maxCallSites: number;
  readonly groupBy: GroupBy;
}

/**
 * The `maxCallSites` largest call sites at each view, exactly: a site that is not among them any more has no row. A
 * site matters for its share of what is retained or of what was allocated lately, whichever is larger: one that retains
 * nothing and allocates no more is forgotten. Sites of the same size keep their places. Counters never decrease, those of `other` neither: so a site that becomes
 * one of the largest counts on from what `other` has said of it, and one that comes back counts from zero again.
 */
export class TopCallSites {
  readonly #maxCallSites: number;
  readonly #groups: SiteGroups;
  readonly #recent = new RecentAllocation();
  #series = new Map<GroupIndex, Series>();
  /** The view before. */
  #last: { readonly sums: GroupSums; readonly epochMillis: number } | undefined;
  #other: SiteValues = NOTHING;
  #dropped: SiteCounters = NOTHING;

  constructor({ maxCallSites, groupBy }: TopCallSitesOptions) {
    this.#maxCallSites = maxCallSites;
    this.#groups = new SiteGroups(groupBy);
  }

  /**
   * @param ledger always the same one
   * @param atMillis now, on the clock of the ledger's readings
   * @param epochMillis now, since the epoch
   */
  view(ledger: Ledger, atMillis: number, epochMillis: number): TopCallSitesView {
    const sums = this.#groups.sum(ledger, atMillis);
    this.#recent.observe(sums, atMillis);
    this.#choose(sums);
    this.#last = { sums, epochMillis };
    const rows = [...this.#series].map(([group, series]) => {
      const values = since(sums.of(group), series.offset);
      series.shown = values;
      return { ...this.#groups.group(group), ...values, sinceMillis: series.sinceMillis };
    });
    this.#other = rest(sums.total, [...rows, countersOnly(this.#dropped)], this.#other);
    return { rows, other: this.#other, dropped: counters(this.#dropped) };
  }

  #choose(sums: GroupSums): void {
    const before = this.#series;
    const weightOf = (group: GroupIndex) => Math.max(sums.retainedShare(group), this.#recent.share(group));
    const top = sums.largestFirst(weightOf, (group) => before.has(group)).slice(0, this.#maxCallSites);
    this.#series = new Map(top.map((group) => [group, before.get(group) ?? this.#begin(group)]));
    for (const [group, { shown }] of before) {
      if (!this.#series.has(group)) this.#dropped = plus(this.#dropped, shown);
    }
  }

  /** A series counts what was allocated after the view before; in the first view, everything. */
  #begin(group: GroupIndex): Series {
    const offset = counters(this.#last?.sums.of(group) ?? NOTHING);
    return { offset, sinceMillis: this.#last?.epochMillis, shown: NOTHING };
  }
}

function counters({ allocated, allocations }: SiteCounters): SiteCounters {
  return { allocated, allocations };
}
