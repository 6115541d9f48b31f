const INT32_MAX = 2 ** 31 - 1;

/** Returns `value` as an integer from 0 to 2^53 - 1. NaN becomes 0. */
export function cleanCount(value: number): number {
  if (value >>> 0 === value) return value;
  return value > 0 ? Math.min(Math.round(value), Number.MAX_SAFE_INTEGER) : 0;
}

/** Returns `address` as a multiple of 8 from 0 to 2^53 - 8. */
export function cleanAddress(address: number): number {
  if (address % 8 === 0 && address >= 0 && address <= Number.MAX_SAFE_INTEGER) return address;
  return Math.floor(cleanCount(Math.floor(address)) / 8) * 8;
}

/** Returns the thread ID, or `undefined` for an invalid one. 0 is invalid: it means "no thread" in memray. */
export function cleanThreadId(threadId: number | undefined): number | undefined {
  return threadId !== undefined && threadId > 0 && Number.isSafeInteger(threadId) ? threadId : undefined;
}

/** Returns a time in whole milliseconds. NaN and infinity become 0. */
export function cleanMillis(millis: number): number {
  return Number.isSafeInteger(Math.trunc(millis)) ? Math.trunc(millis) : 0;
}

/** Returns a line number in the range of memray's int32; 0 = unknown. */
export function cleanLine(line: number): number {
  return Math.min(cleanCount(line), INT32_MAX);
}
