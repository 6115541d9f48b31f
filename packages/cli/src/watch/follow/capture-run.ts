import type { GrowingCapture, MemrayHeader } from '@heapray/exporter/memray';
import type { SiteSeries } from './site-series.js';

/** Length of the first part of a run, whose allocations are counted separately, in ms. */
export const EARLY_MILLIS = 30_000;

/** The data read of one run of a program. */
export interface CaptureRun {
  /** Unique ID in this process. The finished form of a run has another ID. */
  readonly id: number;
  readonly capture: GrowingCapture;
  readonly series: SiteSeries;
}

let runs = 0;

export function captureRun(capture: GrowingCapture, series: SiteSeries): CaptureRun {
  runs += 1;
  return { id: runs, capture, series };
}

/** Returns whether both headers are of the same run: of its growing capture, or of the compressed one at its end. */
export function isSameRun(a: MemrayHeader, b: MemrayHeader | undefined): boolean {
  return b !== undefined && a.pid === b.pid && a.startTimeMillis === b.startTimeMillis;
}

/** Ends the capture in its current state. Does nothing without a header. */
export function endOf(capture: GrowingCapture): void {
  try {
    capture.end();
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'FormatError') throw cause;
  }
}
