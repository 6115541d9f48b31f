import { type CaptureStats, CaptureSums, type MemrayHeader } from '@heapray/exporter/memray';
import { type CaptureFigures, isAggregated } from '../inputs/capture-figures.js';

/** The figures of one capture, or the sums of several. */
export interface CapturesSummary {
  readonly captures: readonly CaptureFigures[];
  /** Of the first one. */
  readonly header: MemrayHeader;
  /** Undefined for aggregated captures. */
  readonly stats: CaptureStats | undefined;
  readonly events: number;
  /** Of the first to start and the last to end, in milliseconds since the Unix epoch. */
  readonly times: { readonly start: number; readonly end: number };
  /** Of several captures the sum of the peak of each, which may have been at other times. */
  readonly peakBytes: number;
  readonly leaked: { readonly bytes: number; readonly count: number };
  /** What `peakBytes` is the sum of; undefined for one capture. */
  readonly peakMeaning: string | undefined;
  /** Whether memray tells modules of all of them: since 1.20. */
  readonly hasModules: boolean;
}

/** @param rows how many places and modules */
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
