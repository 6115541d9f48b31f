import type { SitesWanted } from '../../protocol/metric-points.js';
import type { SiteMetric } from '../../protocol/metric-table.js';
import { ATTR_AGE } from '../../protocol/semconv.js';
import { AGE_BUCKETS } from '../ledger/index.js';
import { type Series, seriesOf } from './series.js';
import { namedGroup, OTHER_SITES, type SiteGroup, siteAttributes } from './site-groups.js';
import type { SiteCounters, SiteValues } from './site-values.js';

/**
 * A call site with the start of its counters, in ms since the epoch; undefined if they started with
 * profiling.
 */
export interface SiteRow extends SiteGroup, SiteValues {
  readonly sinceMillis?: number | undefined;
}

/** Call sites for metrics: rows, `other` and `dropped` add up to the ledger's totals. */
export interface SelectedSites {
  readonly rows: readonly SiteRow[];
  readonly other: SiteValues;
  /** Counters of dropped series, see `TopSites`. */
  readonly dropped?: SiteCounters;
}

/** Name under which the counters of dropped series are summed. */
export const DROPPED_SITES = '(dropped)';

/** Metrics with the attributes of a call site that follow from the selected sites alone. */
export type SelectedMetric = Exclude<SiteMetric, 'growth'>;

/** Series of the selected call sites and of `other`, by metric. */
export type SiteSeries = Readonly<Record<SelectedMetric, readonly Series[]>>;

/** Returns the series of the selected sites, in whole bytes and objects. */
export function siteSeries(
  { rows, other }: SelectedSites,
  { groupBy, retentionAges, alwaysOther }: SitesWanted,
  component: string,
): SiteSeries {
  const otherRow: SiteRow = { ...namedGroup(groupBy, OTHER_SITES, component), ...other };
  const all = [
    ...rows.map((row) => ({ row, attributes: siteAttributes(row), isShownAtZero: false })),
    { row: otherRow, attributes: siteAttributes(otherRow), isShownAtZero: alwaysOther },
  ];
  const counters = (of: 'allocated' | 'allocations') =>
    all.map(({ row, attributes }) => {
      return seriesOf(attributes, Math.round(row[of]), { sinceMillis: row.sinceMillis });
    });
  const inUse = (of: 'retained' | 'retainedObjects') =>
    all.map(({ row, attributes, isShownAtZero }) => {
      return seriesOf(attributes, Math.max(0, Math.round(row[of])), { isShownAtZero });
    });
  const byAge = () =>
    all.flatMap(({ row, attributes, isShownAtZero }) =>
      AGE_BUCKETS.map((age, at) => {
        const bytes = Math.max(0, Math.round(row.retainedByAge[at] ?? 0));
        return seriesOf({ ...attributes, [ATTR_AGE]: age }, bytes, {
          isShownAtZero: isShownAtZero && at === 0,
        });
      }),
    );
  return {
    allocated: counters('allocated'),
    allocations: counters('allocations'),
    retained: retentionAges ? byAge() : inUse('retained'),
    retainedObjects: inUse('retainedObjects'),
  };
}

/** Returns the counter under which a name sums sites that have no series. */
export function namedSeries(
  name: string,
  { groupBy }: SitesWanted,
  component: string,
  value: number,
): Series {
  return seriesOf(siteAttributes(namedGroup(groupBy, name, component)), Math.round(value));
}
