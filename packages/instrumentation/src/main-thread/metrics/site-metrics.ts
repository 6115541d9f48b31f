import type { Attributes, BatchObservableResult, Observable } from '@opentelemetry/api';
import type { GroupBy } from '../../config/index.js';
import type { CallSiteView } from '../../profiler-thread/metrics/call-site-series.js';
import {
  groupKey,
  namedGroup,
  OTHER_SITES,
  type SiteGroup,
} from '../../profiler-thread/metrics/site-groups.js';
import { NOTHING, type SiteValues } from '../../profiler-thread/metrics/site-values.js';
import { AGE_BUCKETS, type AgeBucket } from '../../protocol/age-buckets.js';
import { MathRound, SafeMap } from '../../protocol/primordials.js';
import { ATTR_AGE } from '../../protocol/semconv.js';
import type { SiteMetric } from './metric-table.js';
import { siteAttributes } from './site-attributes.js';
import { growthByGroup, type Suspect } from './site-growth.js';

export interface SiteMetricsOptions {
  /** Component name of this process. */
  readonly component: string;
  readonly groupBy: GroupBy;
  readonly maxCallSites: number;
  /** True to split bytes in use by age. */
  readonly retentionAges: boolean;
}

/** A series that the reader knows, with the attributes used each time. */
interface Series {
  readonly attributes: Attributes;
  /** By age; undefined for the age `unknown` until there are such bytes. */
  readonly byAge: (Attributes | undefined)[];
  /** Number of the last collection that contained it. */
  seen: number;
}

/**
 * Index of the age `unknown`, which gets a series only when needed: most processes never have bytes of that
 * age.
 */
const UNKNOWN = AGE_BUCKETS.indexOf('unknown');

/**
 * Observes the call sites. A reader keeps every series that was ever reported, so vanished ones are reported
 * as zero. A site gets series for all ages at once, so that the number of series depends only on the sites.
 */
export class SiteMetrics {
  readonly #to: Readonly<Record<SiteMetric, Observable>>;
  readonly #options: SiteMetricsOptions;
  readonly #otherGroup: SiteGroup;
  readonly #known = new SafeMap<string, Series>();
  readonly #suspected = new SafeMap<string, Attributes>();
  #collection = 0;

  constructor(instruments: Readonly<Record<SiteMetric, Observable>>, options: SiteMetricsOptions) {
    this.#to = instruments;
    this.#options = options;
    this.#otherGroup = namedGroup(options.groupBy, OTHER_SITES, options.component);
  }

  observe(result: BatchObservableResult, { rows, other }: CallSiteView, suspects: readonly Suspect[]): void {
    this.#collection++;
    for (const row of rows) this.#observeSite(result, this.#series(row), row);
    this.#observeSite(result, this.#series(this.#otherGroup), other);
    this.#clearGone(result);
    this.#observeGrowth(result, suspects);
  }

  /** Reports all known series as zero, when a producer reports call sites from now on. */
  observeNone(result: BatchObservableResult): void {
    this.#collection++;
    this.#clearGone(result);
    this.#observeGrowth(result, []);
  }

  #series(group: SiteGroup): Series {
    const key = groupKey(group);
    let series = this.#known.get(key);
    if (!series) {
      const attributes = siteAttributes(group);
      const byAge = AGE_BUCKETS.map((age, at) => (at === UNKNOWN ? undefined : ofAge(attributes, age)));
      series = { attributes, byAge, seen: 0 };
      this.#known.set(key, series);
    }
    series.seen = this.#collection;
    return series;
  }

  #observeSite(result: BatchObservableResult, series: Series, values: SiteValues): void {
    const { allocated, allocations } = this.#to;
    result.observe(allocated, MathRound(values.allocated), series.attributes);
    result.observe(allocations, MathRound(values.allocations), series.attributes);
    this.#observeRetained(result, series, values);
  }

  #observeRetained(result: BatchObservableResult, series: Series, values: SiteValues): void {
    const { retained, retainedObjects } = this.#to;
    result.observe(retainedObjects, MathRound(values.retainedObjects), series.attributes);
    if (values.retainedByAge[UNKNOWN]) series.byAge[UNKNOWN] ??= ofAge(series.attributes, 'unknown');
    if (!this.#options.retentionAges)
      return result.observe(retained, MathRound(values.retained), series.attributes);
    for (let age = 0; age < AGE_BUCKETS.length; age++) {
      const attributes = series.byAge[age];
      if (attributes) result.observe(retained, MathRound(values.retainedByAge[age] ?? 0), attributes);
    }
  }

  /**
   * Reports zero bytes in use for vanished sites. The reader keeps the last value of their counters, which is
   * right.
   */
  #clearGone(result: BatchObservableResult): void {
    for (const series of this.#known.values()) {
      if (series.seen !== this.#collection) this.#observeRetained(result, series, NOTHING);
    }
  }

  #observeGrowth(result: BatchObservableResult, suspects: readonly Suspect[]): void {
    const growth = growthByGroup(this.#options.groupBy, suspects);
    let others = 0;
    for (const [key, { group, bytesPerSecond }] of growth) {
      const few = this.#suspected.size < 2 * this.#options.maxCallSites;
      // Suspects have the other series too, unless call sites get no more new ones.
      if (few || this.#suspected.has(key) || this.#known.has(key)) {
        this.#suspected.set(key, this.#suspected.get(key) ?? siteAttributes(group));
      } else others += bytesPerSecond;
    }
    const otherKey = groupKey(this.#otherGroup);
    if (others > 0) this.#suspected.set(otherKey, siteAttributes(this.#otherGroup));
    for (const [key, attributes] of this.#suspected) {
      const rate = key === otherKey ? others : (growth.get(key)?.bytesPerSecond ?? 0);
      result.observe(this.#to.growth, rate, attributes);
    }
  }
}

function ofAge(attributes: Attributes, age: AgeBucket): Attributes {
  return { ...attributes, [ATTR_AGE]: age };
}
