/** Longest time that a receiver can make a sender wait, in ms: a wrong date must not stop exports for days. */
const MAX_WAIT_MILLIS = 10 * 60_000;

/**
 * Returns the time to wait by a header `Retry-After`, in ms: seconds, or a date in HTTP's format. Undefined without
 * a valid one.
 *
 * @param now ms since the Unix epoch
 */
export function retryAfterMillis(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,10}$/.test(text)) return Math.min(Number(text) * 1000, MAX_WAIT_MILLIS);
  // Only dates as HTTP writes them: `Date.parse` takes much else, such as "-5".
  if (!/^[A-Za-z]{3,9},? .*\d\d:\d\d:\d\d/.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.min(Math.max(0, date - now), MAX_WAIT_MILLIS);
}
