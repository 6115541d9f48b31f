import type { MemrayFormat } from './memray-format.js';

/** The header of a capture. Times are in ms since the Unix epoch. */
export interface MemrayHeader {
  readonly format: MemrayFormat;
  /** CPython's hex version, which selects the decoder of line tables. 0 in format 11, which has no such field. */
  readonly pythonVersion: number;
  readonly nativeTraces: boolean;
  readonly fileFormat: FileFormat;
  /** Number of allocation and deallocation records, as counted by the writer; 0 while a capture is unfinished. */
  readonly allocationCount: number;
  /**
   * Number of frame records in format 11. memray writes 0 in later formats, but displays the value; heapray writes the
   * number of functions.
   */
  readonly frameCount: number;
  readonly startTimeMillis: number;
  readonly endTimeMillis: number;
  readonly commandLine: string;
  readonly pid: number;
  /** 64 bits, unsigned. */
  readonly mainThreadId: bigint;
  /** Number of outermost frames of the main thread that reports hide. */
  readonly skippedFrames: number;
  readonly pythonAllocator: number;
  readonly pythonAllocatorsTraced: boolean;
  readonly objectLifetimes: boolean;
  readonly libdest: string;
  readonly sitePackages: readonly string[];
  readonly sysPath: readonly string[];
}

export type FileFormat = 'ALL_ALLOCATIONS' | 'AGGREGATED_ALLOCATIONS';

/** "memray" and a NUL. */
export const MAGIC: readonly number[] = [0x6d, 0x65, 0x6d, 0x72, 0x61, 0x79, 0x00];

/**
 * Offsets of the fields that are patched when a capture ends, and of the command line, the first field of variable
 * length.
 */
export interface HeaderOffsets {
  readonly allocationCount: number;
  readonly frameCount: number;
  readonly startTime: number;
  readonly endTime: number;
  readonly commandLine: number;
}

/**
 * Returns the offsets of a format. Layout:
 *
 *     12, 13                            11
 *      0  magic, 7 bytes                 0  magic, 7 bytes
 *      7  i32 format                     7  i32 format
 *     11  u32 python_version             -
 *     15  bool native traces            11  bool native traces
 *     16  u8 file format                12  u8 file format
 *     17  u64 allocation count          13  u64 allocation count
 *     25  u64 frame count               21  u64 frame count
 *     33  i64 start                     29  i64 start
 *     41  i64 end                       37  i64 end
 *     49  command line …                45  command line …
 */
export function headerOffsets(format: MemrayFormat): HeaderOffsets {
  const shift = format === 11 ? 4 : 0;
  return {
    allocationCount: 17 - shift,
    frameCount: 25 - shift,
    startTime: 33 - shift,
    endTime: 41 - shift,
    commandLine: 49 - shift,
  };
}
