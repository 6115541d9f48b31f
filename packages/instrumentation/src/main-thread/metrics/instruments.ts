import type { Histogram, Meter, Observable } from '@opentelemetry/api';
import {
  CONVENTION_METRICS,
  type ConventionMetric,
  type MetricSpec,
  OWN_METRICS,
  type OwnMetric,
  SITE_METRICS,
  type SiteMetric,
} from '../../protocol/metric-table.js';
import { ObjectEntries, ObjectFromEntries } from '../../protocol/primordials.js';

type ObservableOwnMetric = Exclude<OwnMetric, 'pollDuration' | 'timeToLimit'>;

/**
 * The instruments of the table, on one meter. All but `timeToLimit`, whose series ends: a reader would keep
 * its last value.
 */
export interface Instruments {
  readonly site: Readonly<Record<SiteMetric, Observable>>;
  readonly own: Readonly<Record<ObservableOwnMetric, Observable>>;
  /** Undefined if they are disabled. */
  readonly conventions: Readonly<Record<ConventionMetric, Observable>> | undefined;
  readonly pollDuration: Histogram;
}

export function createInstruments(meter: Meter, wanted: { readonly conventions: boolean }): Instruments {
  const { pollDuration, timeToLimit: _, ...own } = OWN_METRICS;
  const { name, unit, description, boundaries = [] } = pollDuration;
  return {
    site: createObservables(meter, SITE_METRICS),
    own: createObservables(meter, own),
    conventions: wanted.conventions ? createObservables(meter, CONVENTION_METRICS) : undefined,
    pollDuration: meter.createHistogram(name, {
      unit,
      description,
      advice: { explicitBucketBoundaries: [...boundaries] },
    }),
  };
}

function createObservables<K extends string>(
  meter: Meter,
  specs: Readonly<Record<K, MetricSpec>>,
): Record<K, Observable> {
  const entries = ObjectEntries<MetricSpec>(specs).map(([key, spec]) => [key, createObservable(meter, spec)]);
  return ObjectFromEntries(entries) as Record<K, Observable>;
}

function createObservable(meter: Meter, { name, kind, unit, description }: MetricSpec): Observable {
  const options = { unit, description };
  if (kind === 'counter') return meter.createObservableCounter(name, options);
  if (kind === 'updowncounter') return meter.createObservableUpDownCounter(name, options);
  return meter.createObservableGauge(name, options);
}
