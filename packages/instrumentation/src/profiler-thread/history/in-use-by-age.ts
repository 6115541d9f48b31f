import { AGE_BUCKETS } from '../../protocol/age-buckets.js';
import type { Ledger } from '../ledger/ledger.js';
import type { LedgerSource } from '../ledger/ledger-source.js';
import type { SiteIndex } from '../ledger/state/call-site.js';
import { ageBucketOf } from './retention-age.js';

/** Bytes in use, split by age and by call site. Both add up to the total. */
export interface InUse {
  readonly totalBytes: number;
  /** One number for each of `AGE_BUCKETS`. */
  readonly byAge: readonly number[];
  /** Bytes by key of the call site. */
  readonly bySite: ReadonlyMap<number, number>;
}

/** Bucket of what was carried over a restart of the sampler. */
const UNKNOWN = AGE_BUCKETS.indexOf('unknown');

/**
 * Splits what is in use in all sources.
 *
 * @param keyOf returns a key that identifies a call site among those of all sources
 */
export function inUseOfSources(
  sources: readonly LedgerSource[],
  keyOf: (source: LedgerSource, site: SiteIndex) => number,
  atMillis: number,
): InUse {
  const byAge = AGE_BUCKETS.map(() => 0);
  const bySite = new Map<number, number>();
  let totalBytes = 0;
  for (const source of sources) {
    const inUse = inUseByAge(source.ledger, atMillis);
    totalBytes += inUse.totalBytes;
    for (const [at, bytes] of inUse.byAge.entries()) byAge[at]! += bytes;
    for (const [site, bytes] of inUse.bySite) bySite.set(keyOf(source, site), bytes);
  }
  return { totalBytes, byAge, bySite };
}

/**
 * Splits what is in use. Coarser and cheaper than `bytesByAge`: it visits samples only, and scales all of them by one
 * factor.
 */
export function inUseByAge(ledger: Ledger, atMillis: number): InUse {
  const byAge = AGE_BUCKETS.map(() => 0);
  const bySite = new Map<SiteIndex, number>();
  let sum = 0;
  ledger.forEachReachable(({ node, firstSeenMillis }, bytes) => {
    sum += bytes;
    byAge[ageBucketOf(atMillis - firstSeenMillis)]! += bytes;
    const site = ledger.sites.siteOf(node);
    bySite.set(site, (bySite.get(site) ?? 0) + bytes);
  });
  const { carriedOver, totalInUseBytes } = ledger;
  const scale = sum > 0 ? (totalInUseBytes - carriedOver.totalBytes) / sum : 0;
  for (const at of byAge.keys()) byAge[at]! *= scale;
  for (const [site, bytes] of bySite) bySite.set(site, bytes * scale);
  byAge[UNKNOWN] = carriedOver.totalBytes;
  carriedOver.forEach((bytes, node) => {
    const site = ledger.sites.siteOf(node);
    bySite.set(site, (bySite.get(site) ?? 0) + bytes);
  });
  return { totalBytes: totalInUseBytes, byAge, bySite };
}
