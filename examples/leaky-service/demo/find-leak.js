/** Smallest growth of a site that counts, as a share of all bytes in use. */
const MIN_SHARE = 0.05;
/** Smallest share of the growth in the slower half of the time; a leak has about 0.5, a cache that has filled 0. */
const MIN_STEADINESS = 0.2;

/**
 * Finds the leak: the call site whose in-use bytes grew the most and steadily.
 *
 * The readings are cut into three equal times. In-use bytes include garbage that V8 has not collected yet, which only
 * adds to them, so the lowest reading of each time is the nearest to what is really kept. Growth is
 * steady if it continues: from the second to the third time as from the first to the second. That separates a
 * leak from a cache, which fills and then stays as it is.
 *
 * @param readings in order of time, each `{ atMillis, sites: Map<key, { function, file, line, column, package, bytes }> }`
 * @returns undefined if no site grows steadily
 */
export function findLeak(readings) {
  const thirds = inThirds(readings);
  if (thirds.some((part) => part.length === 0)) throw new Error('the run was too short to see anything grow');
  const newest = readings.at(-1).sites;
  const inUse = [...newest.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  let leak;
  for (const [key, site] of newest) {
    const [first, second, third] = thirds.map((part) => lowest(part, key));
    const grown = third.bytes - first.bytes;
    const slower = Math.min(second.bytes - first.bytes, third.bytes - second.bytes);
    if (grown < MIN_SHARE * inUse || slower < MIN_STEADINESS * grown) continue;
    if (leak && leak.grown >= grown) continue;
    leak = { site, grown, bytesPerMinute: (60_000 * grown) / (third.atMillis - first.atMillis) };
  }
  if (!leak) return undefined;
  const { function: name, file, line, column, package: packageName, bytes } = leak.site;
  return {
    function: name,
    file,
    line,
    column,
    package: packageName,
    bytes,
    bytesPerMinute: Math.round(leak.bytesPerMinute),
  };
}

function inThirds(readings) {
  const start = readings[0]?.atMillis ?? 0;
  const third = ((readings.at(-1)?.atMillis ?? 0) - start) / 3;
  const partOf = ({ atMillis }) => Math.min(2, Math.floor((atMillis - start) / third));
  return [0, 1, 2].map((part) => readings.filter((reading) => partOf(reading) === part));
}

/** Returns the least that a site held in these readings, and when. */
function lowest(readings, key) {
  const held = readings.map(({ atMillis, sites }) => ({ atMillis, bytes: sites.get(key)?.bytes ?? 0 }));
  return held.reduce((least, next) => (next.bytes < least.bytes ? next : least));
}
