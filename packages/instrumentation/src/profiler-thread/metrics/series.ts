import type { PointAttributes } from '../../protocol/metric-points.js';

/** The value of one series of a metric at one moment. */
export interface Series {
  /** Identifies the series among those of its metric; see `seriesOf`. */
  readonly key: string;
  readonly attributes: PointAttributes;
  readonly value: number;
  /** Start of a counter, in ms since the epoch; undefined if it started with the metrics. */
  readonly sinceMillis?: number | undefined;
  /** True to report the series even if its value is zero. */
  readonly isShownAtZero?: boolean | undefined;
}

/**
 * Returns a series. Its key follows from the attributes alone, so that it is the same in each profiler
 * thread.
 */
export function seriesOf(
  attributes: PointAttributes,
  value: number,
  rest: Pick<Series, 'sinceMillis' | 'isShownAtZero'> = {},
): Series {
  return { key: keyOf(attributes), attributes, value, ...rest };
}

export function keyOf(attributes: PointAttributes): string {
  return JSON.stringify(attributes);
}
