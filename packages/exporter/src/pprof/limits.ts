export const DEFAULT_MAX_BYTES: number = 2 ** 28;
export const DEFAULT_MAX_ENTRIES: number = 2 ** 23;

/** Limits for the input of a reader. They bound its memory. */
export interface PprofLimits {
  /** Maximum size in bytes, also after inflating. Default 256 MiB. */
  readonly maxBytes?: number | undefined;
  /**
   * Maximum number of samples, stacks, labels, locations, lines, functions and strings together. Equal samples, stacks
   * and label sets count once. All samples together have at most twice as many values. Default 2^23.
   */
  readonly maxEntries?: number | undefined;
}
