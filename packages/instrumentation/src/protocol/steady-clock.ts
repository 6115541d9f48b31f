/**
 * Returns a clock for times shown to people, in ms since the epoch. It is correct when created and steady
 * from then on: a step of the system clock neither stretches nor reverses durations.
 */
export function steadyClock(): () => number {
  const epoch = Date.now() - performance.now();
  return () => Math.round(epoch + performance.now());
}

/**
 * Returns a clock for exported timestamps, in ms since the epoch. Follows the system clock, so that it is
 * also correct after the machine has slept. If the system clock is set back, this one stands still until it
 * has caught up, so that no end is before its start.
 *
 * @param fromMillis lower bound of all times
 */
export function risingClock(fromMillis: number): () => number {
  let last = fromMillis;
  return () => {
    last = Math.max(last, Date.now());
    return last;
  };
}

// Keep a reference: the main thread uses it too, and the application may replace `process.hrtime`.
const { hrtime } = process;

/** Present time, in ms, on the clock that all threads share. */
export function monotonicMillis(): number {
  const [seconds, nanos] = hrtime();
  return seconds * 1000 + nanos / 1e6;
}
