import { FormatError } from '../../wire/errors.js';

/** Limits for the memory and work that a capture can cause in its reader. */
export interface MemrayLimits {
  /** Maximum size of the capture in bytes, uncompressed. Default 1 TiB. */
  readonly maxBytes: number;
  /**
   * Maximum number of entries in each table of stacks, frames, functions, threads, native frames and so on. Default
   * 2^24.
   */
  readonly maxFrames: number;
  /** Maximum number of allocations alive at once. Default 2^25, which takes 1 GiB. */
  readonly maxLive: number;
  /** Maximum size of names and line tables in bytes. Default 256 MiB. */
  readonly maxTextBytes: number;
}

export const DEFAULT_LIMITS: MemrayLimits = {
  maxBytes: 2 ** 40,
  maxFrames: 2 ** 24,
  maxLive: 2 ** 25,
  maxTextBytes: 2 ** 28,
};

/** Returns the default limits, overridden by `given`. */
export function limitsWith(given: Partial<MemrayLimits> = {}): MemrayLimits {
  return { ...DEFAULT_LIMITS, ...given };
}

export function beyond(what: string, limit: number, option: keyof MemrayLimits): FormatError {
  return new FormatError('memray', `more than ${limit} ${what} (${option})`);
}
