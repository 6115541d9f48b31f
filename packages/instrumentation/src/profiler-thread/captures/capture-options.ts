import type { CaptureCompression, CaptureError } from '@heapray/exporter/sinks';
import type { LedgerSource } from '../ledger/index.js';
import type { RecordFeedOptions } from './record-feed.js';
import type { ComponentScope } from './scope/component-scope.js';

/** An event of a capture to be logged or counted. */
export interface CaptureReport {
  readonly message?: { readonly level: 'info' | 'warn'; readonly text: string } | undefined;
  /** Reason under which it is counted, if anything was lost. */
  readonly drop?: 'capture_removed' | 'capture_restarted' | 'capture_paused' | 'capture_stack' | undefined;
}

export interface ComponentCaptureOptions extends Omit<RecordFeedOptions, 'note'> {
  readonly component: string;
  /** Decides which samples are in the capture. Default: all. */
  readonly scope?: ComponentScope | undefined;
  /** Folder of the capture. */
  readonly home: string;
  /** Maximum size of a file of the capture, in bytes. */
  readonly maxCaptureBytes: number;
  readonly maxCaptures: number;
  /** True if the capture is aggregated from its beginning. Default: false. */
  readonly isAggregated?: boolean;
  /** True if a full capture continues aggregated instead of in another file. Default: false. */
  readonly aggregateOverflow?: boolean;
  /**
   * True to begin with everything that is alive, as after a restart of the profiler thread. Default: false.
   */
  readonly whole?: boolean;
  /** A source of which the same is true. */
  readonly wholeSource?: LedgerSource | undefined;
  /** `threadId` of each ended thread of this process, whose captures have ended too. */
  readonly endedThreads?: readonly number[];
  /** Called for each finished file, with a function that starts its compression. */
  readonly onFinished?: ((compression: () => CaptureCompression) => void) | undefined;
  /** Called for each old capture beyond `maxCaptures` that could not be deleted. */
  readonly onNotPruned?: ((problem: CaptureError) => void) | undefined;
  /** Returns milliseconds on a monotonic clock. Default: `performance.now`. */
  readonly steadyNow?: () => number;
  readonly onReport?: ((report: CaptureReport) => void) | undefined;
}
