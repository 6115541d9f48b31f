import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import type { MetricSpec } from './metric-table.js';

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
  /** Cumulative. */
  readonly aggregationTemporality: 1;
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

export function producedMetric(spec: MetricSpec, dataPoints: ProducedPoint[]): ProducedMetric {
  const { name, description, unit, kind } = spec;
  const descriptor = { name, description, unit, valueType: ValueType.DOUBLE };
  const base = { descriptor, aggregationTemporality: 1, dataPoints } as const;
  if (kind === 'gauge') return { ...base, dataPointType: 2 };
  return { ...base, dataPointType: 3, isMonotonic: kind === 'counter' };
}

/** @param epochMillis since the epoch */
export function hrTime(epochMillis: number): HrTime {
  const seconds = Math.floor(epochMillis / 1000);
  return [seconds, Math.round((epochMillis - seconds * 1000) * 1e6)];
}
