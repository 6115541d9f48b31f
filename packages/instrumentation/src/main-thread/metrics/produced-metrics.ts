import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import { MathFloor, MathRound } from '../../protocol/primordials.js';
import type { MetricSpec } from './metric-table.js';

/** The SDK's `AggregationTemporality`. */
export const DELTA = 0;
export const CUMULATIVE = 1;
export type Temporality = typeof DELTA | typeof CUMULATIVE;

/** Temporality of a reader's sums; gauges have none. */
export interface Temporalities {
  readonly counter: Temporality;
  readonly updowncounter: Temporality;
}

// The SDK's `MetricData`, by structure: it is the same in 2.x and 3.x, and heapray depends on neither.

/** One value of a metric. */
export interface ProducedPoint {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly attributes: Attributes;
  readonly value: number;
}

interface ProducedBase {
  readonly descriptor: {
    readonly name: string;
    readonly description: string;
    readonly unit: string;
    readonly valueType: ValueType;
  };
  readonly aggregationTemporality: Temporality;
  readonly dataPoints: ProducedPoint[];
}

export interface ProducedSum extends ProducedBase {
  /** The SDK's `DataPointType.SUM`. */
  readonly dataPointType: 3;
  readonly isMonotonic: boolean;
}

export interface ProducedGauge extends ProducedBase {
  /** The SDK's `DataPointType.GAUGE`. */
  readonly dataPointType: 2;
}

export type ProducedMetric = ProducedSum | ProducedGauge;

export function producedMetric(
  spec: MetricSpec,
  dataPoints: ProducedPoint[],
  aggregationTemporality: Temporality,
): ProducedMetric {
  const { name, description, unit, kind } = spec;
  const descriptor = { name, description, unit, valueType: ValueType.DOUBLE };
  const base = { descriptor, aggregationTemporality, dataPoints };
  if (kind === 'gauge') return { ...base, dataPointType: 2 };
  return { ...base, dataPointType: 3, isMonotonic: kind === 'counter' };
}

/**
 * Converts a time to the API's `HrTime`.
 *
 * @param epochMillis time in ms since the epoch
 */
export function hrTime(epochMillis: number): HrTime {
  const seconds = MathFloor(epochMillis / 1000);
  return [seconds, MathRound((epochMillis - seconds * 1000) * 1e6)];
}
