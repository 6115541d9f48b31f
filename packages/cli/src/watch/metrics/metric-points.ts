import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import type { MetricSpec } from './metric-table.js';

/** A value with its attributes. */
export interface MetricPoint {
  readonly attributes: Attributes;
  readonly value: number;
  /** Start of a counter, in ms since the Unix epoch. Default: the time of collection. */
  readonly startMillis?: number | undefined;
}

export interface MetricDataOptions {
  /** Time of collection in ms since the Unix epoch. */
  readonly nowMillis: number;
  /** Temporality of counters. Other sums are always cumulative. */
  readonly temporality: AggregationTemporality;
}

/** Returns the SDK's form of a metric. */
export function metricData(
  { name, kind, unit, description }: MetricSpec,
  points: readonly MetricPoint[],
  { nowMillis, temporality }: MetricDataOptions,
): MetricData {
  const descriptor = { name, description, unit, valueType: ValueType.DOUBLE };
  const dataPoints = points.map(({ attributes, value, startMillis }): DataPoint<number> => {
    const startTime = hrTime(Math.min(startMillis ?? nowMillis, nowMillis));
    return { startTime, endTime: hrTime(nowMillis), attributes: textAttributes(attributes), value };
  });
  const isMonotonic = kind === 'counter';
  const aggregationTemporality = isMonotonic ? temporality : AggregationTemporality.CUMULATIVE;
  const base = { descriptor, aggregationTemporality, dataPoints };
  if (kind === 'gauge') return { ...base, dataPointType: DataPointType.GAUGE };
  return { ...base, dataPointType: DataPointType.SUM, isMonotonic };
}

/**
 * Replaces characters in attributes that exporters pass on as they are: lone surrogates have no UTF-8 form, and some
 * readers of Prometheus' text format treat a carriage return as the end of the line.
 */
function textAttributes(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => {
      return [key, typeof value === 'string' ? value.toWellFormed().replaceAll('\r', ' ') : value];
    }),
  );
}

function hrTime(epochMillis: number): HrTime {
  const millis = Math.max(0, Math.round(epochMillis));
  return [Math.floor(millis / 1000), (millis % 1000) * 1e6];
}
