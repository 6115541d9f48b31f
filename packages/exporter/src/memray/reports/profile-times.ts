import type { MemrayHeader } from '../format/header.js';

const NANOS_PER_MILLI = 1_000_000n;
/** Upper limit, in the year 2248: before the last time that fits into 64 bits of nanoseconds. */
const MAX_MILLIS = 2 ** 43;

/**
 * Returns the time of collection of a capture's profile, and the time it covers: from the start of the capture to its
 * end, or to the latest memory record while it has not ended. Invalid times are 0.
 *
 * @param lastRecordMillis time of the latest memory record, in ms since the Unix epoch; undefined before the first
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

/** Returns the end and the length of a span, given in ms since the Unix epoch. Invalid times are 0. */
export function spanTimes(
  fromMillis: number,
  untilMillis: number,
): { readonly timeNanos: bigint; readonly durationNanos: bigint } {
  const [from, timeNanos] = [nanosOf(fromMillis), nanosOf(untilMillis)];
  return { timeNanos, durationNanos: from === 0n || timeNanos < from ? 0n : timeNanos - from };
}

function nanosOf(millis: number): bigint {
  const sound = Number.isSafeInteger(millis) && millis > 0 && millis < MAX_MILLIS;
  return sound ? BigInt(millis) * NANOS_PER_MILLI : 0n;
}
