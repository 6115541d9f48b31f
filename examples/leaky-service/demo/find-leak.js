const MIN_READINGS = 6;
/** What a site must have grown by, as a part of all that is in use, to be worth a word. */
const MIN_SHARE = 0.05;

/**
 * The leak: the call site whose retained bytes grew the most and steadily.
 *
 * The readings are cut into three equal times. What is in use includes what V8 has not collected yet, and
 * that only ever adds, so the lowest reading of each time is the nearest to what is really kept. Growth is
 * steady when it goes on: from the second to the third time as from the first to the second. That tells a
 * leak from a cache, which fills and then stays as it is; so sites are ranked by the slower of the two.
 *
 * @param readings in order of time, each `{ atMillis, sites: Map<key, { function, file, package, bytes }> }`
 * @returns undefined when no site grows steadily
 */
export function findLeak(readings) {
  if (readings.length < MIN_READINGS)
    throw new Error(`only ${readings.length} readings: the run was too short`);
  const thirds = inThirds(readings);
  const newest = readings.at(-1).sites;
  const inUse = [...newest.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  let leak;
  for (const [key, site] of newest) {
    const [first, second, third] = thirds.map((part) => lowest(part, key));
    const steady = Math.min(second.bytes - first.bytes, third.bytes - second.bytes);
    const grown = third.bytes - first.bytes;
    if (grown < MIN_SHARE * inUse || steady <= (leak?.steady ?? 0)) continue;
    leak = { site, steady, bytesPerMinute: (60_000 * grown) / (third.atMillis - first.atMillis) };
  }
  if (!leak) return undefined;
  const { function: name, file, package: packageName, bytes } = leak.site;
  return {
    function: name,
    file,
    package: packageName,
    bytes,
    bytesPerMinute: Math.round(leak.bytesPerMinute),
  };
}

function inThirds(readings) {
  const third = readings.length / 3;
  return [0, 1, 2].map((part) => readings.slice(Math.round(part * third), Math.round((part + 1) * third)));
}

/** The least that a site held in these readings, and when. */
function lowest(readings, key) {
  const held = readings.map(({ atMillis, sites }) => ({ atMillis, bytes: sites.get(key)?.bytes ?? 0 }));
  return held.reduce((least, next) => (next.bytes < least.bytes ? next : least));
}
