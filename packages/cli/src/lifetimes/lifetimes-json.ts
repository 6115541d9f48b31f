import {
  type Amount,
  type CaptureLifetimes,
  LIFETIMES,
  type LifetimeAmounts,
  type LifetimeCell,
} from '@heapray/exporter/memray';
import type { Ages } from './ages.js';

/**
 * Returns the lifetimes of a capture as JSON.
 *
 * @param rows maximum number of functions
 * @param threshold that of temporary allocations
 */
export function lifetimesJson(
  file: string,
  lifetimes: CaptureLifetimes,
  { rows, threshold }: { readonly rows: number; readonly threshold: number },
): object {
  const { header, recordGapMillis, window } = lifetimes;
  const all = lifetimes.rows();
  return {
    file,
    format: 'memray',
    start_time: isoTime(header!.startTimeMillis),
    time: window?.text,
    record_gap_ms: Math.round(recordGapMillis * 10) / 10,
    temporary_threshold: threshold,
    lifetimes: LIFETIMES,
    windows_summed: lifetimes.summedWindows,
    windows: lifetimes.windows.map(({ fromMillis, untilMillis }) => {
      return { from_seconds: fromMillis / 1000, until_seconds: untilMillis / 1000 };
    }),
    ...amountsJson(lifetimes.total()),
    omitted: Math.max(0, all.length - rows),
    rows: all.slice(0, rows).map(({ functionName, file: place, line, ...amounts }) => {
      return {
        name: functionName === '' ? '(none)' : functionName,
        file: place,
        line,
        ...amountsJson(amounts),
      };
    }),
  };
}

/** Returns the ages of a profile as JSON, with at most `rows` functions. */
export function agesJson(file: string, format: string, ages: Ages, rows: number): object {
  const { column, unit, names, total, byAge } = ages;
  return {
    file,
    format,
    column,
    unit,
    ages: names,
    total,
    by_age: byAge,
    omitted: Math.max(0, ages.rows.length - rows),
    rows: ages.rows
      .slice(0, rows)
      .map(({ name, file: place, line, column: at, total: own, byAge: split }) => {
        return { name, file: place, line, column: at, total: own, by_age: split };
      }),
  };
}

function amountsJson({ allocated, byLifetime, temporary, cells }: LifetimeAmounts): object {
  return {
    allocated: plain(allocated),
    by_lifetime: byLifetime.map(plain),
    temporary: plain(temporary),
    cells: cells.map(({ birth, death, ...amount }: LifetimeCell) => ({ birth, death, ...plain(amount) })),
  };
}

function plain({ bytes, count }: Amount): Amount {
  return { bytes, count };
}

/** Returns a time in ISO 8601; null for an invalid one. */
function isoTime(millis: number): string | null {
  const date = new Date(millis);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
