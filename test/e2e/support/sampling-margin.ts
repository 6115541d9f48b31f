/** Five standard errors of a sum of sampled bytes, as V8 scales them: sampled every so many bytes, of so many. */
export function samplingMargin(interval: number, bytes: number): number {
  return 5 * Math.sqrt(interval * bytes);
}
