/**
 * A clock for times that people read: milliseconds since the epoch, right when it is made, and steady from then on. A
 * step of the system's clock meanwhile neither stretches what is measured nor turns it back.
 */
export function steadyClock(): () => number {
  const epoch = Date.now() - performance.now();
  return () => Math.round(epoch + performance.now());
}

/**
 * A clock for points in time that are sent away: milliseconds since the epoch by the system's clock, so that it is right
 * after a sleep of the machine too. Set back, it stands still until the system's clock has caught up: no end is before
 * its start.
 *
 * @param fromMillis never before this
 */
export function risingClock(fromMillis: number): () => number {
  let last = fromMillis;
  return () => {
    last = Math.max(last, Date.now());
    return last;
  };
}

// The main thread uses it too, where the application may change it later.
const { hrtime } = process;

/** Now, in ms, on the clock that all threads share. */
export function monotonicMillis(): number {
  const [seconds, nanos] = hrtime();
  return seconds * 1000 + nanos / 1e6;
}
