import type { OverviewAge, OverviewPlace, OverviewSite } from '@heapray/exporter/page';
import { type MemoryOrigin, originText } from '../../protocol/memory-origin.js';
import type { MemoryHistory } from '../history/memory-history.js';
import { bytesByAge } from '../history/retention-age.js';
import {
  AGE_BUCKETS,
  type CallSite,
  type Ledger,
  type LedgerSource,
  type SiteIndex,
  sitePlace,
} from '../ledger/index.js';
import { objectBytes } from '../profiles/index.js';
import type { MemorySources } from '../sources/memory-sources.js';

/** Amounts of a call site. */
interface Amounts {
  inUseBytes: number;
  inUseObjects: number;
  allocatedBytes: number;
}

/** A call site of one source. */
export interface SourceSite {
  readonly source: LedgerSource;
  readonly site: SiteIndex;
  /** See `MemorySources.siteKey`. */
  readonly key: number;
  readonly amounts: Amounts;
  /** Share of what it allocated a while ago that is alive, 0 to 1; undefined while unknown. */
  readonly survivedShare: number | undefined;
}

/** Number of call sites shown: the largest by bytes in use, and of the others those that allocate most. */
const LARGEST = 20;
const ALLOCATING = 10;
const INSTALLED = /[\\/]node_modules[\\/]/;

/** Returns the bytes in use of all stacks by age. */
export function ageTotals(sources: readonly LedgerSource[], atMillis: number): OverviewAge[] {
  const sums = AGE_BUCKETS.map(() => 0);
  for (const { ledger } of sources) {
    for (const buckets of bytesByAge(ledger, atMillis).values()) {
      for (const [at, bytes] of buckets.entries()) sums[at]! += bytes;
    }
  }
  return AGE_BUCKETS.map((name, at) => ({ name, bytes: Math.round(sums[at]!) }));
}

/** Returns the call sites that hold or allocate most, by bytes in use, the largest first. */
export function topSites(sites: readonly SourceSite[], history: MemoryHistory | undefined): OverviewSite[] {
  const byInUse = sites.toSorted((a, b) => b.amounts.inUseBytes - a.amounts.inUseBytes);
  const byAllocated = byInUse
    .slice(LARGEST)
    .sort((a, b) => b.amounts.allocatedBytes - a.amounts.allocatedBytes);
  const shown = [...byInUse.slice(0, LARGEST), ...byAllocated.slice(0, ALLOCATING)];
  shown.sort((a, b) => b.amounts.inUseBytes - a.amounts.inUseBytes);
  return shown.map(
    ({ source, site, key, amounts: { inUseBytes, inUseObjects, allocatedBytes }, ...rest }) => ({
      ...placeOf(source.ledger.sites.site(site), source),
      inUseBytes: Math.round(inUseBytes),
      inUseObjects: Math.round(inUseObjects),
      // The error of sampling alone; see `samplingInterval` of `PageProfile`.
      standardError: Math.round(Math.sqrt(inUseBytes * source.ledger.samplingInterval)),
      allocatedBytes: Math.round(allocatedBytes),
      survivedShare: roundedShare(rest.survivedShare),
      values: history?.site(key),
    }),
  );
}

/** Describes a call site; its place names the thread unless it is the main one. */
export function placeOf(site: Omit<CallSite, 'sharesLine'>, origin: MemoryOrigin): OverviewPlace {
  const { functionName, file, packageName, packageVersion } = site;
  const isInstalled = file === '' || file.startsWith('node:') || INSTALLED.test(file);
  const isRuntime = packageVersion === undefined || packageName === 'node:';
  const version = isRuntime ? '' : `@${packageVersion}`;
  const of = originText(origin);
  return {
    functionName,
    place: [sitePlace(site), ...(of === '' ? [] : [`(${of})`])].join(' ').trim(),
    packageName: isInstalled ? `${packageName}${version}` : '',
  };
}

/** Returns the call sites of all sources that have any amounts. */
export function sitesOf(sources: MemorySources, atMillis: number): readonly SourceSite[] {
  return sources.all.flatMap((source) => {
    const survival = source.leaks.survival(atMillis);
    return [...amountsBySite(source.ledger)].map(([site, amounts]): SourceSite => {
      const key = sources.siteKey(source, site);
      return { source, site, key, amounts, survivedShare: survival?.get(site)?.share };
    });
  });
}

function amountsBySite(ledger: Ledger): ReadonlyMap<SiteIndex, Amounts> {
  const bySite = new Map<SiteIndex, Amounts>();
  for (let node = 0; node < ledger.tree.size; node++) {
    const pending = node === ledger.unobservedNode ? ledger.pendingBytes : 0;
    const allocated = ledger.allocatedBytes(node) + pending;
    const inUse = ledger.inUseBytes(node);
    if (allocated <= 0 && inUse <= 0) continue;
    const site = ledger.sites.siteOf(node);
    const sum = bySite.get(site) ?? { inUseBytes: 0, inUseObjects: 0, allocatedBytes: 0 };
    sum.inUseBytes += inUse;
    sum.inUseObjects += inUse / objectBytes(ledger, node);
    sum.allocatedBytes += allocated;
    bySite.set(site, sum);
  }
  return bySite;
}

function roundedShare(share: number | undefined): number | null {
  return share === undefined ? null : Math.round(share * 1000) / 1000;
}
