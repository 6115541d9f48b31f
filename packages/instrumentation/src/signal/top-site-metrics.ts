import type { Attributes } from '@opentelemetry/api';
import { AGE_BUCKETS } from '../ledger/index.js';
import { ATTR_AGE } from '../semconv.js';
import { FadingSeries, type SeriesValue } from './fading-series.js';
import { SITE_METRICS, type SiteMetric } from './metric-table.js';
import { hrTime, type ProducedMetric, type ProducedPoint, producedMetric } from './produced-metrics.js';
import { siteAttributes } from './site-attributes.js';
import { groupKey, namedGroup, OTHER_SITES, type SiteGroup } from './site-groups.js';
import { growthByGroup, type Suspect } from './site-growth.js';
import type { SiteMetricsOptions } from './site-metrics.js';
import { countersOnly, type SiteValues } from './site-values.js';
import type { TopCallSitesView } from './top-call-sites.js';

/** What the profiler thread tells a producer. */
export interface TopSitesView {
  readonly sites: TopCallSitesView;
  readonly suspects: readonly Suspect[];
  /** When counting began, ms since the epoch. */
  readonly startedMillis: number;
  /** When this was so; never before the view before, nor the start. */
  readonly nowMillis: number;
}

/** The name under which counters of series that were dropped are summed. */
export const DROPPED_SITES = '(dropped)';

/** A row and what never changes of it. */
interface Row {
  readonly key: string;
  readonly attributes: Attributes;
  readonly values: SiteValues;
  readonly sinceMillis?: number | undefined;
}

/** Turns the views of one producer, one after the other, into the metrics of call sites. */
export class TopSiteMetrics {
  #options: SiteMetricsOptions;
  readonly #retained = new FadingSeries();
  readonly #objects = new FadingSeries();
  readonly #growth = new FadingSeries();

  constructor(options: SiteMetricsOptions) {
    this.#options = options;
  }

  /** From now on it names and groups so; series of before are told to be zero once, like any that is gone. */
  set options(options: SiteMetricsOptions) {
    this.#options = options;
  }

  metrics(view: TopSitesView): ProducedMetric[] {
    const { startedMillis, nowMillis } = view;
    const endTime = hrTime(nowMillis);
    const sites: Row[] = view.sites.rows.map((row) => ({ ...rowOf(row, row), sinceMillis: row.sinceMillis }));
    const other = rowOf(this.#named(OTHER_SITES), view.sites.other);
    const dropped = rowOf(this.#named(DROPPED_SITES), countersOnly(view.sites.dropped));
    const isUsed = view.sites.dropped.allocated > 0 || view.sites.dropped.allocations > 0;
    const counted = [...sites, other, ...(isUsed ? [dropped] : [])];
    const counter = (metric: 'allocated' | 'allocations') =>
      counted.map((row) => ({
        startTime: hrTime(row.sinceMillis ?? startedMillis),
        endTime,
        attributes: row.attributes,
        value: Math.round(row.values[metric]),
      }));
    const points = (values: readonly SeriesValue[]): ProducedPoint[] =>
      values.map(({ attributes, value }) => ({
        startTime: hrTime(startedMillis),
        endTime,
        attributes,
        value,
      }));
    const all: Record<SiteMetric, ProducedPoint[]> = {
      allocated: counter('allocated'),
      allocations: counter('allocations'),
      retained: points(this.#retained.next([...sites, other].flatMap(bytesByAge))),
      retainedObjects: points(this.#objects.next([...sites, other].map(objects))),
      growth: points(this.#growth.next(this.#growthOf(view.suspects))),
    };
    return Object.entries(all)
      .filter(([, dataPoints]) => dataPoints.length > 0)
      .map(([metric, dataPoints]) => producedMetric(SITE_METRICS[metric as SiteMetric], dataPoints));
  }

  #named(name: string): SiteGroup {
    return namedGroup(this.#options.groupBy, name, this.#options.component);
  }

  /** The fastest, and the rest as one. */
  #growthOf(suspects: readonly Suspect[]): SeriesValue[] {
    const all = [...growthByGroup(this.#options.groupBy, suspects)].map(
      ([key, { group, bytesPerSecond }]) => ({
        key,
        attributes: siteAttributes(group),
        value: bytesPerSecond,
      }),
    );
    const fastest = all.splice(0, this.#options.maxCallSites);
    const group = this.#named(OTHER_SITES);
    const value = all.reduce((sum, one) => sum + one.value, 0);
    return [...fastest, { key: groupKey(group), attributes: siteAttributes(group), value }];
  }
}

function rowOf(group: SiteGroup, values: SiteValues): Row {
  return { key: groupKey(group), attributes: siteAttributes(group), values };
}

function bytesByAge({ key, attributes, values }: Row): SeriesValue[] {
  return AGE_BUCKETS.flatMap((age, i) => {
    const value = Math.round(values.retainedByAge[i] ?? 0);
    return value > 0
      ? [{ key: `${key}\n${age}`, attributes: { ...attributes, [ATTR_AGE]: age }, value }]
      : [];
  });
}

function objects({ key, attributes, values }: Row): SeriesValue {
  return { key, attributes, value: Math.round(values.retainedObjects) };
}
