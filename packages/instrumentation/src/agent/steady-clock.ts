/**
 * A clock for times that people read: milliseconds since the epoch, right when it is made, and steady from then on. A
 * step of the system's clock meanwhile neither stretches what is measured nor turns it back.
 */
export function steadyClock(): () => number {
  const epoch = Date.now() - performance.now();
  return () => Math.round(epoch + performance.now());
}
