import type { MemrayHeader } from './header.js';

const NANOS_PER_MILLI = 1_000_000n;
/** The year 2248, below the last one that fits into nanoseconds of 64 bits. */
const MAX_MILLIS = 2 ** 43;

/**
 * When a profile of a capture was collected, and how long it covers: from the start of the capture to its end, or to its
 * newest memory record while there is no end. 0 for a time that no clock can have said.
 *
 * @param lastRecordMillis time of the newest memory record, in milliseconds since the Unix epoch; undefined before the first
 */
export function profileTimes(
  { startTimeMillis, endTimeMillis }: MemrayHeader,
  lastRecordMillis: number | undefined,
): { readonly timeNanos: bigint; readonly durationNanos: bigint } {
  const start = nanosOf(startTimeMillis);
  const known = [nanosOf(endTimeMillis), nanosOf(lastRecordMillis ?? 0)];
  const timeNanos = known.find((time) => time > start) ?? start;
  return { timeNanos, durationNanos: start === 0n ? 0n : timeNanos - start };
}

function nanosOf(millis: number): bigint {
  const sound = Number.isSafeInteger(millis) && millis > 0 && millis < MAX_MILLIS;
  return sound ? BigInt(millis) * NANOS_PER_MILLI : 0n;
}
