import { decodePprof } from '@heapray/exporter/pprof';
import { callSite, callSitesOnly, displayName, topOf } from '@heapray/exporter/profile';

/** One call site and its bytes in a profile: `{ function, file, line, column, package, bytes, share }`. */

/**
 * Returns the largest call sites of a column.
 *
 * @param column `inuse_space` or `alloc_space`
 * @param limit most rows; default: all
 */
export function topSites(profile, column, limit) {
  const sites = callSitesOnly(profile);
  const packageOf = packages(sites, column);
  return topOf(sites, { column, groupBy: 'function', limit }).map((row) => ({
    function: row.name,
    file: row.file,
    line: row.line,
    column: row.column,
    package: packageOf(row.name, row.file),
    bytes: row.flat,
    share: row.share,
  }));
}

/** Fetches a page; rejects on an error status, or without a timely answer. */
export async function fetchBytes(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    throw new Error(`${url} cannot be read: ${error.cause?.message ?? error.message}`);
  }
}

/**
 * Returns the call sites of a profile with their in-use bytes at one moment, by a key that identifies the site, and the profile
 * itself as `bytes`.
 */
export function readingOf(bytes, atMillis) {
  const sites = topSites(decodePprof(bytes), 'inuse_space').filter((site) => site.bytes > 0);
  const keyOf = (site) => `${site.function}\n${site.file}\n${site.line}:${site.column}`;
  return { atMillis, bytes, sites: new Map(sites.map((site) => [keyOf(site), site])) };
}

/** Returns a function that looks up a call site's package: the label with most of its bytes. */
function packages(profile, column) {
  const index = profile.columns.findIndex(({ type }) => type === column);
  const best = new Map();
  const bytes = new Map();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const leaf = callSite(profile.frames(profile.stackOf(sample)));
    if (!leaf) continue;
    const site = `${displayName(leaf)}\n${leaf.file}`;
    const name = profile.labelsOf(sample).package ?? '';
    const key = `${site}\n${name}`;
    const sum = (bytes.get(key) ?? 0) + profile.value(sample, index);
    bytes.set(key, sum);
    if (sum >= (best.get(site)?.sum ?? 0)) best.set(site, { name, sum });
  }
  return (name, file) => best.get(`${name}\n${file}`)?.name ?? '';
}
