import type { HistoryPoint } from '../live-state.js';

const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
/** Shortest and longest time that a sparkline covers, in ms. */
const MIN_SPAN_MILLIS = 60_000;
const MAX_SPAN_MILLIS = 300_000;

export interface SparklineOptions {
  readonly columns: number;
  /**
   * Part of the largest value that the lowest level may stand for, from 0 to 1. With 0, the lowest level is 0; with 0.9,
   * changes of a tenth are visible.
   */
  readonly floor: number;
}

/** Draws values over time, the newest at the right. Blank where there are none yet. */
export function sparkline(points: readonly HistoryPoint[], { columns, floor }: SparklineOptions): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || columns < 1) return '';
  const elapsed = last.atMillis - first.atMillis;
  const span = Math.min(MAX_SPAN_MILLIS, Math.max(MIN_SPAN_MILLIS, elapsed));
  const values = bucketsOf(points, last.atMillis, span / columns, columns);
  const known = values.filter((value) => value !== undefined);
  const highest = known.reduce((most, value) => Math.max(most, value));
  const lowest = known.reduce((least, value) => Math.min(least, value), highest * floor);
  const range = highest - lowest;
  const levelOf = (value: number) =>
    range <= 0 ? 0 : Math.round(((value - lowest) / range) * (LEVELS.length - 1));
  return values.map((value) => (value === undefined ? ' ' : LEVELS[levelOf(value)]!)).join('');
}

/** Returns the largest value of each part of the time. Parts without one have that of the part before. */
function bucketsOf(
  points: readonly HistoryPoint[],
  endMillis: number,
  bucketMillis: number,
  count: number,
): (number | undefined)[] {
  const values: (number | undefined)[] = Array.from({ length: count });
  for (const { atMillis, value } of points) {
    const at = count - 1 - Math.floor((endMillis - atMillis) / bucketMillis);
    if (at < 0) continue;
    values[at] = Math.max(values[at] ?? value, value);
  }
  for (let at = 1; at < count; at++) values[at] ??= values[at - 1];
  return values;
}
