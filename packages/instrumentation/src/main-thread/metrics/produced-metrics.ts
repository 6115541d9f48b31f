import { type HrTime, ValueType } from '@opentelemetry/api';
import type { MetricPoints, PointMetric, PointsAnswer } from '../../protocol/metric-points.js';
import { METRICS, type MetricKind, type MetricSpec } from '../../protocol/metric-table.js';
import { MathFloor, MathRound, SafeMap } from '../../protocol/primordials.js';
import { DeltaPoints, type ProducedPoint } from './delta-points.js';

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

/** Converts the successive answers to one metric producer into the SDK's metrics. */
export class ProducedMetrics {
  readonly #temporalities: Temporalities;
  readonly #deltas = new SafeMap<PointMetric, DeltaPoints>();

  constructor(temporalities: Temporalities) {
    this.#temporalities = temporalities;
  }

  /**
   * Returns the metrics of an answer. Differences to the answer before are computed here, not in the profiler
   * thread, which does not know whether an answer arrived in time.
   */
  of({ points, startedMillis, nowMillis }: PointsAnswer): ProducedMetric[] {
    const start = hrTime(startedMillis);
    const endTime = hrTime(nowMillis);
    return points.map((columns) => this.#metric(columns, start, endTime));
  }

  #metric(
    { metric, attributes, values, sinceMillis }: MetricPoints,
    start: HrTime,
    endTime: HrTime,
  ): ProducedMetric {
    const spec = METRICS[metric];
    const points = values.map((value, at): ProducedPoint => {
      const since = sinceMillis[at];
      const startTime = since === undefined ? start : hrTime(since);
      return { startTime, endTime, attributes: attributes[at] ?? {}, value };
    });
    if (this.#temporalityOf(spec.kind) === CUMULATIVE) return producedMetric(spec, points, CUMULATIVE);
    const deltas = this.#deltas.get(metric) ?? new DeltaPoints(spec.kind === 'counter');
    this.#deltas.set(metric, deltas);
    return producedMetric(spec, deltas.next(points), DELTA);
  }

  #temporalityOf(kind: MetricKind): Temporality {
    return kind === 'counter' || kind === 'updowncounter' ? this.#temporalities[kind] : CUMULATIVE;
  }
}

function producedMetric(
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
