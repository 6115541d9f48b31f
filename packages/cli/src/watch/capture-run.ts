import type { GrowingCapture, MemrayHeader } from '@heapray/exporter/memray';
import type { SiteSeries } from './site-series.js';

/** The first part of a run, whose allocations are counted apart. */
export const EARLY_MILLIS = 30_000;

/** What was read of one run of a program. */
export interface CaptureRun {
  /** Of this process's, and of no other run or form of it. */
  readonly id: number;
  readonly capture: GrowingCapture;
  readonly series: SiteSeries;
}

let runs = 0;

export function captureRun(capture: GrowingCapture, series: SiteSeries): CaptureRun {
  runs += 1;
  return { id: runs, capture, series };
}

/** Returns true if both headers are of one run: of its capture as it grew, and compressed at its end. */
export function isSameRun(a: MemrayHeader, b: MemrayHeader | undefined): boolean {
  return b !== undefined && a.pid === b.pid && a.startTimeMillis === b.startTimeMillis;
}

/** Takes the capture as it is; without a header there is nothing to take. */
export function endOf(capture: GrowingCapture): void {
  try {
    capture.end();
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'FormatError') throw cause;
  }
}
