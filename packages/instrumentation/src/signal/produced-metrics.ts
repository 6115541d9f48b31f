import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import { MathFloor, MathRound } from '../containment/primordials.js';
import type { MetricSpec } from './metric-table.js';

/** The SDK's `AggregationTemporality`. */
export const DELTA = 0;
export const CUMULATIVE = 1;
export type Temporality = typeof DELTA | typeof CUMULATIVE;

/** How a reader wants sums; gauges have no temporality. */
export interface Temporalities {
  readonly counter: Temporality;
  readonly updowncounter: Temporality;
}

// What the SDK calls MetricData, by structure: it has been the same in 2.x and 3.x, and heapray depends on neither.

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
  /** A sum. */
  readonly dataPointType: 3;
  readonly isMonotonic: boolean;
}

export interface ProducedGauge extends ProducedBase {
  /** A gauge. */
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

/** @param epochMillis since the epoch */
export function hrTime(epochMillis: number): HrTime {
  const seconds = MathFloor(epochMillis / 1000);
  return [seconds, MathRound((epochMillis - seconds * 1000) * 1e6)];
}
