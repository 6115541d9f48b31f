import type { Attributes } from '@opentelemetry/api';
import {
  groupKey,
  namedGroup,
  OTHER_SITES,
  type SiteGroup,
} from '../../profiler-thread/metrics/site-groups.js';
import {
  countersOnly,
  type SiteCounters,
  type SiteValues,
} from '../../profiler-thread/metrics/site-values.js';
import type { TopCallSitesView } from '../../profiler-thread/metrics/top-call-sites.js';
import { AGE_BUCKETS } from '../../protocol/age-buckets.js';
import { MathMax, MathRound, SafeMap, SafeNumber } from '../../protocol/primordials.js';
import { ATTR_AGE } from '../../protocol/semconv.js';
import { DeltaPoints, type KeyedPoint } from './delta-points.js';
import { FadingSeries, type SeriesValue } from './fading-series.js';
import { type MetricKind, OWN_METRICS, SITE_METRICS, type SiteMetric } from './metric-table.js';
import {
  CUMULATIVE,
  DELTA,
  hrTime,
  type ProducedMetric,
  producedMetric,
  type Temporalities,
  type Temporality,
} from './produced-metrics.js';
import { siteAttributes } from './site-attributes.js';
import { growthByGroup, type Suspect } from './site-growth.js';
import type { SiteMetricsOptions } from './site-metrics.js';

/** View from the profiler thread for a producer. */
export interface TopSitesView {
  readonly sites: TopCallSitesView;
  readonly suspects: readonly Suspect[];
  /** Seconds until the heap limit at the present growth; undefined if nothing grows. */
  readonly secondsToLimit: number | undefined;
  /** When counting began, in ms since the epoch. */
  readonly startedMillis: number;
  /** Time of the view, in ms since the epoch; never before the previous view or the start. */
  readonly nowMillis: number;
}

/** Name under which the counters of dropped series are summed. */
export const DROPPED_SITES = '(dropped)';

/** A row with its constant key and attributes. */
interface Row {
  readonly key: string;
  readonly attributes: Attributes;
  readonly values: SiteValues;
  readonly sinceMillis?: number | undefined;
}

export interface TopSiteMetricsOptions extends SiteMetricsOptions {
  /** Temporality of the reader's sums. Default: cumulative. */
  readonly temporalities?: Temporalities | undefined;
  /** True to report `other` even if it is zero, as instruments do. Default: false. */
  readonly alwaysOther?: boolean | undefined;
}

const ALL_CUMULATIVE: Temporalities = { counter: CUMULATIVE, updowncounter: CUMULATIVE };

/** Converts the successive views of one producer into the metrics of call sites. */
export class TopSiteMetrics {
  #options: TopSiteMetricsOptions;
  readonly #retained = new FadingSeries();
  readonly #objects = new FadingSeries();
  readonly #growth = new FadingSeries();
  readonly #deltas = new SafeMap<SiteMetric, DeltaPoints>();

  constructor(options: TopSiteMetricsOptions) {
    this.#options = options;
  }

  /**
   * Changes names and grouping from now on; previous series are reported as zero once, like any that
   * vanishes.
   */
  set options(options: TopSiteMetricsOptions) {
    this.#options = options;
  }

  metrics(view: TopSitesView): ProducedMetric[] {
    const { startedMillis, nowMillis } = view;
    const endTime = hrTime(nowMillis);
    const sites: Row[] = view.sites.rows.map((row) => ({ ...rowOf(row, row), sinceMillis: row.sinceMillis }));
    const other = rowOf(this.#named(OTHER_SITES), view.sites.other);
    const counted = [...sites, other, ...this.#dropped(view.sites.dropped)];
    const counter = (metric: 'allocated' | 'allocations') =>
      counted.map(({ key, attributes, values, sinceMillis = startedMillis }) => {
        return {
          key,
          startTime: hrTime(sinceMillis),
          endTime,
          attributes,
          value: MathRound(values[metric]),
        };
      });
    const points = (values: readonly SeriesValue[]) =>
      values.map(({ key, attributes, value }) => {
        return { key, startTime: hrTime(startedMillis), endTime, attributes, value };
      });
    const always = this.#options.alwaysOther === true;
    const bytes = this.#options.retentionAges ? bytesByAge : bytesInUse;
    const held = [...sites.flatMap((row) => bytes(row)), ...bytes(other, always)];
    const counts = [...sites.map((row) => objects(row)), objects(other, always)];
    return [
      this.#metric('allocated', counter('allocated')),
      this.#metric('allocations', counter('allocations')),
      this.#metric('retained', points(this.#retained.next(held))),
      this.#metric('retainedObjects', points(this.#objects.next(counts))),
      this.#metric('growth', points(this.#growth.next(this.#growthOf(view.suspects)))),
      timeToLimit(view),
    ].filter(({ dataPoints }) => dataPoints.length > 0);
  }

  #metric(metric: SiteMetric, points: readonly KeyedPoint[]): ProducedMetric {
    const spec = SITE_METRICS[metric];
    if (this.#temporalityOf(spec.kind) === CUMULATIVE) {
      return producedMetric(
        spec,
        points.map(({ key: _, ...point }) => point),
        CUMULATIVE,
      );
    }
    const deltas = this.#deltas.get(metric) ?? new DeltaPoints(spec.kind === 'counter');
    this.#deltas.set(metric, deltas);
    return producedMetric(spec, deltas.next(points), DELTA);
  }

  #temporalityOf(kind: MetricKind): Temporality {
    const { temporalities = ALL_CUMULATIVE } = this.#options;
    return kind === 'counter' || kind === 'updowncounter' ? temporalities[kind] : CUMULATIVE;
  }

  /** Returns the row of dropped counters; none for delta readers, as a vanished series has no new counts. */
  #dropped(counters: SiteCounters): Row[] {
    const isUsed = counters.allocated > 0 || counters.allocations > 0;
    if (!isUsed || this.#temporalityOf('counter') === DELTA) return [];
    return [rowOf(this.#named(DROPPED_SITES), countersOnly(counters))];
  }

  #named(name: string): SiteGroup {
    return namedGroup(this.#options.groupBy, name, this.#options.component);
  }

  /** Returns the fastest growing groups, and the rest as one. */
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

/** Returns the time to the limit; no point if there is none, also for an infinite one, which JSON cannot express. */
function timeToLimit({ secondsToLimit, startedMillis, nowMillis }: TopSitesView): ProducedMetric {
  const isKnown = secondsToLimit !== undefined && SafeNumber.isFinite(secondsToLimit);
  const times = { startTime: hrTime(startedMillis), endTime: hrTime(nowMillis) };
  const points = isKnown ? [{ ...times, attributes: {}, value: secondsToLimit }] : [];
  return producedMetric(OWN_METRICS.timeToLimit, points, CUMULATIVE);
}

function rowOf(group: SiteGroup, values: SiteValues): Row {
  return { key: groupKey(group), attributes: siteAttributes(group), values };
}

function bytesInUse({ key, attributes, values }: Row, always = false): SeriesValue[] {
  return [{ key, attributes, value: MathMax(0, MathRound(values.retained)), always }];
}

/** @param always true to report the first age even if it is zero */
function bytesByAge({ key, attributes, values }: Row, always = false): SeriesValue[] {
  return AGE_BUCKETS.map((age, i) => ({
    key: `${key}\n${age}`,
    attributes: { ...attributes, [ATTR_AGE]: age },
    value: MathMax(0, MathRound(values.retainedByAge[i] ?? 0)),
    always: always && i === 0,
  }));
}

function objects({ key, attributes, values }: Row, always = false): SeriesValue {
  return { key, attributes, value: MathRound(values.retainedObjects), always };
}
