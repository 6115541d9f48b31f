import { FormatError } from '../wire/errors.js';

/** Bounds on what a capture can make its reader keep or do. */
export interface MemrayLimits {
  /** Bytes of the capture, uncompressed. Default 1 TiB. */
  readonly maxBytes: number;
  /** Entries of each table of stacks, frames, functions, threads, native frames and the like. Default 2^24. */
  readonly maxFrames: number;
  /** Allocations alive at once, and intervals of temporal analysis. Default 2^25, which takes 1 GiB. */
  readonly maxLive: number;
  /** Bytes of names and line tables. Default 256 MiB. */
  readonly maxTextBytes: number;
}

export const DEFAULT_LIMITS: MemrayLimits = {
  maxBytes: 2 ** 40,
  maxFrames: 2 ** 24,
  maxLive: 2 ** 25,
  maxTextBytes: 2 ** 28,
};

/** The limits with what `given` says in place of the defaults. */
export function limitsWith(given: Partial<MemrayLimits> = {}): MemrayLimits {
  return { ...DEFAULT_LIMITS, ...given };
}

export function beyond(what: string, limit: number, option: keyof MemrayLimits): FormatError {
  return new FormatError('memray', `more than ${limit} ${what} (${option})`);
}
