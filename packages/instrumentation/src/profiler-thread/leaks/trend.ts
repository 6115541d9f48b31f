/**
 * Robust trend statistics over equally spaced values. Both use only the order or the median of differences,
 * so that one odd window (a burst, a collection) neither makes nor hides a trend.
 */

/**
 * Returns the Theil-Sen slope: the median of the slopes between all pairs of values.
 *
 * @returns change per step; 0 for fewer than two values
 */
export function theilSenSlope(values: readonly number[]): number {
  const slopes: number[] = [];
  for (let i = 0; i < values.length; i++) {
    for (let j = i + 1; j < values.length; j++) {
      slopes.push(((values[j] ?? 0) - (values[i] ?? 0)) / (j - i));
    }
  }
  return median(slopes);
}

/**
 * Computes the Mann-Kendall test for a monotonic trend.
 *
 * S is the number of rising pairs minus the number of falling ones. Without a trend and without ties it has
 * mean 0 and variance n(n-1)(2n+5)/18.
 *
 * @returns the normal score of S with continuity correction: above 2.33 means rising at the 1 % level
 */
export function mannKendallScore(values: readonly number[]): number {
  const n = values.length;
  let s = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) s += Math.sign((values[j] ?? 0) - (values[i] ?? 0));
  }
  const variance = (n * (n - 1) * (2 * n + 5)) / 18;
  return variance === 0 ? 0 : (s - Math.sign(s)) / Math.sqrt(variance);
}

/** Returns the median: the mean of the two middle values for an even number; 0 for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] ?? 0;
  return ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
