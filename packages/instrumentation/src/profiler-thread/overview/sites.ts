import type { OverviewAge, OverviewPlace, OverviewSite } from '@heapray/exporter/page';
import type { MemoryHistory } from '../history/memory-history.js';
import { bytesByAge } from '../history/retention-age.js';
import type { Survival } from '../history/survival.js';
import { AGE_BUCKETS, type CallSite, type Ledger, type SiteIndex, sitePlace } from '../ledger/index.js';
import { objectBytes } from '../profiles/index.js';

/** Facts about call sites that are not in the ledger. */
export interface SiteFacts {
  readonly survival: ReadonlyMap<SiteIndex, Survival> | undefined;
  readonly history: MemoryHistory | undefined;
}

/** Amounts of a call site. */
export interface Amounts {
  inUseBytes: number;
  inUseObjects: number;
  allocatedBytes: number;
}

/** Number of call sites shown: the largest by bytes in use, and of the others those that allocate most. */
const LARGEST = 20;
const ALLOCATING = 10;
const INSTALLED = /[\\/]node_modules[\\/]/;

/** Returns the bytes in use of all stacks by age. */
export function ageTotals(ledger: Ledger, atMillis: number): OverviewAge[] {
  const sums = AGE_BUCKETS.map(() => 0);
  for (const buckets of bytesByAge(ledger, atMillis).values()) {
    for (const [at, bytes] of buckets.entries()) sums[at]! += bytes;
  }
  return AGE_BUCKETS.map((name, at) => ({ name, bytes: Math.round(sums[at]!) }));
}

/** Returns the call sites that hold or allocate most, by bytes in use, the largest first. */
export function topSites(
  ledger: Ledger,
  amounts: ReadonlyMap<SiteIndex, Amounts>,
  { survival, history }: SiteFacts,
): OverviewSite[] {
  const all = [...amounts];
  const byInUse = all.toSorted((a, b) => b[1].inUseBytes - a[1].inUseBytes);
  const byAllocated = byInUse.slice(LARGEST).sort((a, b) => b[1].allocatedBytes - a[1].allocatedBytes);
  const shown = [...byInUse.slice(0, LARGEST), ...byAllocated.slice(0, ALLOCATING)];
  shown.sort((a, b) => b[1].inUseBytes - a[1].inUseBytes);
  return shown.map(([index, { inUseBytes, inUseObjects, allocatedBytes }]) => ({
    ...placeOf(ledger.sites.site(index)),
    inUseBytes: Math.round(inUseBytes),
    inUseObjects: Math.round(inUseObjects),
    // The error of sampling alone; see `samplingInterval` of `PageProfile`.
    standardError: Math.round(Math.sqrt(inUseBytes * ledger.samplingInterval)),
    allocatedBytes: Math.round(allocatedBytes),
    survivedShare: roundedShare(survival?.get(index)?.share),
    values: history?.site(index),
  }));
}

export function placeOf(site: Omit<CallSite, 'sharesLine'>): OverviewPlace {
  const { functionName, file, packageName, packageVersion } = site;
  const isInstalled = file === '' || file.startsWith('node:') || INSTALLED.test(file);
  const isRuntime = packageVersion === undefined || packageName === 'node:';
  const version = isRuntime ? '' : `@${packageVersion}`;
  return {
    functionName,
    place: sitePlace(site),
    packageName: isInstalled ? `${packageName}${version}` : '',
  };
}

/** Returns the amounts of all call sites that have any. */
export function amountsBySite(ledger: Ledger): ReadonlyMap<SiteIndex, Amounts> {
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
