import type { OverviewSeries } from '../../src/page/overview-data.ts';

/** Values of one series; null where unknown. */
export type Values = readonly (number | null)[];

/** A limit is drawn when the values reach this share of it; else it would press them to the bottom. */
const LIMIT_FROM = 0.4;

/** Returns, for each series, the sum of it and all below it; null where none of them is known. */
export function stacked(series: readonly Pick<OverviewSeries, 'values'>[]): Values[] {
  let below: Values = [];
  return series.map(({ values }) => {
    const sums = values.map((value, at) => {
      const known = below[at] ?? null;
      return value === null ? known : value + (known ?? 0);
    });
    below = sums;
    return sums;
  });
}

/** Returns the last known value and its index; undefined if none is known. */
export function latest(values: Values): { readonly value: number; readonly at: number } | undefined {
  for (let at = values.length - 1; at >= 0; at--) {
    const value = values[at];
    if (value != null) return { value, at };
  }
  return undefined;
}

/** Returns the value at an index, or else the last one known before; null if there is none. */
export function valueAt(values: Values, at: number): number | null {
  return latest(values.slice(0, at + 1))?.value ?? null;
}

/** Returns whether there is something to draw a line through. */
export function isLine(values: Values): boolean {
  return values.filter((value) => value !== null).length > 1;
}

/** Returns the largest value; 0 if none is known. */
export function largestOf(values: Values): number {
  return values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
}

/** Returns whether a limit is near enough to draw it. */
export function isNear(limit: number, largest: number): boolean {
  return limit > 0 && largest >= LIMIT_FROM * limit;
}

/** Returns the points of a sparkline in a box, as the attribute of an SVG polyline. It leads over unknown values. */
export function sparkPoints(values: Values, width: number, height: number): string {
  const most = largestOf(values) || 1;
  const step = width / Math.max(1, values.length - 1);
  return values
    .flatMap((value, at) => {
      return value === null ? [] : [`${round(at * step)},${round(height - (value / most) * height)}`];
    })
    .join(' ');
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
