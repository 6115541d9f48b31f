import type { MemrayLimits } from '@heapray/exporter/memray';
import type { CaptureWriter } from './capture-writer.js';
import type { RunCounter } from './run-counter.js';

export interface FollowerOptions {
  readonly limits: Partial<MemrayLimits>;
  /** Call sites with a series of their own. */
  readonly maxCallSites: number;
  readonly buffer: Buffer;
  /** Milliseconds since the Unix epoch. */
  readonly clock: () => number;
  readonly writer: CaptureWriter;
  /** A running program writes a record every few milliseconds; after so long without one it does not run. */
  readonly stallMillis: number;
  /** Counts the runs at this path; outlives the follower, which goes with the file. */
  readonly runs?: RunCounter;
  /** Whether a file was found at the path already. */
  readonly exists?: boolean;
  /** After so much of one file it is the turn of the others. Default 16 MiB. */
  readonly pollBytes?: number;
}
