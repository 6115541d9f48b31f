const INT32_MAX = 2 ** 31 - 1;

/** `value` as an integer from 0 to 2^53 - 1; what is no number counts as 0. */
export function cleanCount(value: number): number {
  if (value >>> 0 === value) return value;
  return value > 0 ? Math.min(Math.round(value), Number.MAX_SAFE_INTEGER) : 0;
}

/** `address` as a multiple of 8 from 0 to 2^53 - 8. */
export function cleanAddress(address: number): number {
  if (address % 8 === 0 && address >= 0 && address <= Number.MAX_SAFE_INTEGER) return address;
  return Math.floor(cleanCount(Math.floor(address)) / 8) * 8;
}

/** `undefined` for what is no thread id: memray takes 0 for "no thread". */
export function cleanThreadId(threadId: number | undefined): number | undefined {
  return threadId !== undefined && threadId > 0 && Number.isSafeInteger(threadId) ? threadId : undefined;
}

/** A time in whole milliseconds; what is no number counts as 0. */
export function cleanMillis(millis: number): number {
  return Number.isSafeInteger(Math.trunc(millis)) ? Math.trunc(millis) : 0;
}

/** A line number as memray's int32; 0 = unknown. */
export function cleanLine(line: number): number {
  return Math.min(cleanCount(line), INT32_MAX);
}
