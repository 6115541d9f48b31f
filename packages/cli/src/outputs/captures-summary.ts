import { type CaptureStats, CaptureSums, type MemrayHeader } from '@heapray/exporter/memray';
import { type CaptureFigures, isAggregated } from '../inputs/capture-figures.js';

/** The figures of one capture, or the sums of several. */
export interface CapturesSummary {
  readonly captures: readonly CaptureFigures[];
  /** Header of the first capture. */
  readonly header: MemrayHeader;
  /** Undefined for aggregated captures. */
  readonly stats: CaptureStats | undefined;
  readonly events: number;
  /** Start of the earliest and end of the latest capture, in ms since the Unix epoch. */
  readonly times: { readonly start: number; readonly end: number };
  /**
   * Peak in bytes. For several captures, it is the sum of the peak of each, which may have occurred at different times.
   */
  readonly peakBytes: number;
  readonly leaked: { readonly bytes: number; readonly count: number };
  /** Meaning of `peakBytes` as a sum; undefined for one capture. */
  readonly peakMeaning: string | undefined;
  /** True if memray reports modules for all captures: since memray 1.20. */
  readonly hasModules: boolean;
}

/**
 * Sums the figures of captures.
 *
 * @param rows maximum number of locations and modules
 */
export function summarize(captures: readonly CaptureFigures[], rows: number): CapturesSummary {
  const { header } = captures[0]!;
  const sum = (of: (figures: CaptureFigures) => number) => captures.reduce((all, each) => all + of(each), 0);
  return {
    captures,
    header,
    stats: isAggregated(header) ? undefined : sumsOf(captures).stats(rows),
    times: {
      start: captures.reduce((first, each) => Math.min(first, each.header.startTimeMillis), Infinity),
      end: captures.reduce((last, each) => Math.max(last, each.header.endTimeMillis), -Infinity),
    },
    events: sum(({ events }) => events),
    peakBytes: sum(({ peakBytes }) => peakBytes),
    leaked: { bytes: sum(({ leaked }) => leaked.bytes), count: sum(({ leaked }) => leaked.count) },
    peakMeaning: captures.length > 1 ? `sum of the peaks of ${captures.length} processes` : undefined,
    hasModules: captures.every(({ header: { format } }) => format === 13),
  };
}

function sumsOf(captures: readonly CaptureFigures[]): CaptureSums {
  const [first] = captures;
  if (captures.length === 1) return first!.sums!;
  const all = new CaptureSums();
  for (const { sums } of captures) if (sums !== undefined) all.addAll(sums);
  return all;
}
