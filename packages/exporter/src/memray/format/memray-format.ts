/** Supported capture formats. memray 1.11 to 1.18 read 11, 1.19 reads 12, 1.20 reads 13, each only its own. */
export type MemrayFormat = 11 | 12 | 13;

export const MEMRAY_FORMATS: readonly MemrayFormat[] = [11, 12, 13];

export const DEFAULT_MEMRAY_FORMAT: MemrayFormat = 13;
