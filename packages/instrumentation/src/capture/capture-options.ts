import type { CaptureCompression, CaptureError } from '@heapray/exporter/sinks';
import type { RecordFeedOptions } from './record-feed.js';

/** Something that happened to a capture and that somebody should know. */
export interface CaptureReport {
  readonly message?: { readonly level: 'info' | 'warn'; readonly text: string } | undefined;
  /** The reason under which it is counted, if anything was lost. */
  readonly drop?: 'capture_removed' | 'capture_restarted' | 'capture_paused' | 'capture_stack' | undefined;
}

export interface ComponentCaptureOptions extends Omit<RecordFeedOptions, 'note'> {
  readonly component: string;
  /** The folder the capture goes to. */
  readonly home: string;
  /** No file of the capture is larger. */
  readonly maxCaptureBytes: number;
  readonly maxCaptures: number;
  /** Whether a capture of that size goes on summed up, and not in another file. */
  readonly aggregateOverflow?: boolean;
  /** Whether it begins with everything that is alive, as when a capture goes on after a restart of the profiler. */
  readonly whole?: boolean;
  /** Threads of this process that have ended, by their `threadId`: what they were writing has ended too. */
  readonly endedThreads?: readonly number[];
  /** Handed each file that is finished, as what would compress it. */
  readonly onFinished?: ((compression: () => CaptureCompression) => void) | undefined;
  /** Told of each old capture that `maxCaptures` has no place for and that could not be deleted. */
  readonly onNotPruned?: ((problem: CaptureError) => void) | undefined;
  /** Milliseconds on a clock that nobody sets. Default `performance.now`. */
  readonly steadyNow?: () => number;
  readonly onReport?: ((report: CaptureReport) => void) | undefined;
}
