import type { MemrayLimits } from '@heapray/exporter/memray';
import type { CaptureWriter } from './capture-writer.js';
import type { RunCounter } from './run-counter.js';

export interface FollowerOptions {
  readonly limits: Partial<MemrayLimits>;
  /** Maximum number of call sites with series of their own. */
  readonly maxCallSites: number;
  readonly buffer: Buffer;
  /** Returns ms since the Unix epoch. */
  readonly clock: () => number;
  readonly writer: CaptureWriter;
  /** Time without writes after which a program counts as ended, in ms. A running one writes every few milliseconds. */
  readonly stallMillis: number;
  /** Counts the runs at this path. Exists longer than the follower, which ends with the file. */
  readonly runs?: RunCounter;
  /** True if a file was already found at the path. Default false. */
  readonly exists?: boolean;
  /** Number of bytes to read of one file before the others get their turn. Default 16 MiB. */
  readonly pollBytes?: number;
}
