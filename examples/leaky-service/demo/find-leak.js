const MIN_READINGS = 6;

/**
 * The leak: the call site whose retained bytes grew the most and steadily.
 *
 * The readings are cut into three equal times and each is represented by its median, so that one reading
 * shortly before or after a garbage collection decides nothing. Growth is steady when it goes on: from the
 * second to the third time as from the first to the second. That tells a leak from a cache, which fills and
 * then stays as it is; so sites are ranked by the slower of the two.
 *
 * @param readings in order of time, each `{ atMillis, sites: Map<key, { function, file, package, bytes }> }`
 * @returns undefined when no site grows steadily
 */
export function findLeak(readings) {
  if (readings.length < MIN_READINGS)
    throw new Error(`only ${readings.length} readings: the run was too short`);
  const thirds = inThirds(readings);
  const newest = readings.at(-1).sites;
  let leak;
  for (const [key, site] of newest) {
    const [first, second, third] = thirds.map((part) => bytesIn(part, key));
    const steady = Math.min(second - first, third - second);
    if (steady > (leak?.steady ?? 0)) leak = { site, steady, grown: third - first };
  }
  if (!leak) return undefined;
  const { function: name, file, package: packageName, bytes } = leak.site;
  const minutes = (middleOf(thirds[2]) - middleOf(thirds[0])) / 60_000;
  return {
    function: name,
    file,
    package: packageName,
    bytes,
    bytesPerMinute: Math.round(leak.grown / minutes),
  };
}

function inThirds(readings) {
  const third = readings.length / 3;
  return [0, 1, 2].map((part) => readings.slice(Math.round(part * third), Math.round((part + 1) * third)));
}

function bytesIn(readings, key) {
  return median(readings.map(({ sites }) => sites.get(key)?.bytes ?? 0));
}

function middleOf(readings) {
  return median(readings.map(({ atMillis }) => atMillis));
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
