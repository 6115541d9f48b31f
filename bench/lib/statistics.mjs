// The few statistics that benchmarks need. Medians, because another program's burst of work is no part of
// what is measured.

export function median(values) {
  return quantile(values, 0.5);
}

/** The value below which the given share of the values lies; between two values, linearly. */
export function quantile(values, share) {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  const rest = at - low;
  return sorted[low] + (rest > 0 ? rest * (sorted[low + 1] - sorted[low]) : 0);
}

export function mean(values) {
  return sum(values) / values.length;
}

export function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/** The median of the slopes between all pairs of points [x, y] (Theil-Sen): one odd point does not tilt it. */
export function slope(points) {
  const slopes = [];
  for (let i = 0; i < points.length; i++) {
    for (let j = i + 1; j < points.length; j++) {
      slopes.push((points[j][1] - points[i][1]) / (points[j][0] - points[i][0]));
    }
  }
  return median(slopes);
}
