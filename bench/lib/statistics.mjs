// Statistics for benchmarks. Medians, so that bursts of work of other programs do not count.

export function median(values) {
  return quantile(values, 0.5);
}

/** Returns the value below which the given share of the values lies; linear between two values. */
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

const BLOCKS = 12;

/**
 * Returns the slope of a line through points [x, y], sorted by x, and its standard error: least squares through the means
 * of a dozen stretches, because neighbours are too much alike to count as independent.
 */
export function trend(points) {
  const size = Math.max(1, Math.floor(points.length / BLOCKS));
  const blocks = Array.from({ length: Math.floor(points.length / size) }, (_, i) => {
    const block = points.slice(i * size, (i + 1) * size);
    return [0, 1].map((axis) => mean(block.map((point) => point[axis])));
  });
  const [meanX, meanY] = [0, 1].map((axis) => mean(blocks.map((point) => point[axis])));
  const spread = sum(blocks.map(([x]) => (x - meanX) ** 2));
  const slope = sum(blocks.map(([x, y]) => (x - meanX) * (y - meanY))) / spread;
  const rest = sum(blocks.map(([x, y]) => (y - meanY - slope * (x - meanX)) ** 2));
  return { slope, error: Math.sqrt(rest / (blocks.length - 2) / spread) };
}

/** Returns the median of the slopes between all pairs of points [x, y] (Theil-Sen), which is robust against outliers. */
export function slope(points) {
  const slopes = [];
  for (let i = 0; i < points.length; i++) {
    for (let j = i + 1; j < points.length; j++) {
      slopes.push((points[j][1] - points[i][1]) / (points[j][0] - points[i][0]));
    }
  }
  return median(slopes);
}
