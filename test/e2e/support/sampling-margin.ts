/** Returns five standard errors of an estimate of `bytes`, sampled every `interval` bytes and scaled as V8 does. */
export function samplingMargin(interval: number, bytes: number): number {
  return 5 * Math.sqrt(interval * bytes);
}
