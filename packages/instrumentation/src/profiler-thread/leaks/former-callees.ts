import type { SiteIndex } from '../ledger/state/call-site.js';
import type { JudgedLedger } from './judged-ledger.js';

/** Minimum number of samples of a function that are still in use. */
const MIN_SAMPLES = 2;
/** Maximum number of functions for each suspect. */
const MOST = 3;

/**
 * Finds the functions that suspects called and that allocated earlier, but not any more: V8 has probably inlined them. Then their
 * allocations have the suspect's name, and what they allocated before says who really makes the objects.
 *
 * @param isSilent returns true for a site that has allocated nothing lately
 * @returns for each suspect, the sites of those functions, from the one that holds most
 */
export function formerCallees(
  ledger: JudgedLedger,
  suspects: ReadonlySet<SiteIndex>,
  isSilent: (site: SiteIndex) => boolean,
): ReadonlyMap<SiteIndex, readonly SiteIndex[]> {
  const { sites } = ledger;
  const callers = new Map<number, SiteIndex | undefined>();
  const callerOf = (node: number): SiteIndex | undefined => {
    if (!callers.has(node))
      callers.set(
        node,
        sites.nearestCaller?.(node, (site) => suspects.has(site)),
      );
    return callers.get(node);
  };
  const found = new Map<SiteIndex, Map<SiteIndex, { samples: number; bytes: number }>>();
  if (suspects.size === 0 || !sites.nearestCaller) return new Map();
  ledger.forEachReachable(({ node }, bytes) => {
    const site = sites.siteOf(node);
    if (suspects.has(site) || !isSilent(site)) return;
    const suspect = callerOf(node);
    if (suspect === undefined) return;
    const bySite = found.get(suspect) ?? new Map<SiteIndex, { samples: number; bytes: number }>();
    found.set(suspect, bySite);
    const sum = bySite.get(site) ?? { samples: 0, bytes: 0 };
    bySite.set(site, { samples: sum.samples + 1, bytes: sum.bytes + bytes });
  });
  return new Map([...found].map(([suspect, bySite]) => [suspect, largest(bySite)]));
}

function largest(bySite: ReadonlyMap<SiteIndex, { samples: number; bytes: number }>): SiteIndex[] {
  return [...bySite]
    .filter(([, { samples }]) => samples >= MIN_SAMPLES)
    .sort(([, a], [, b]) => b.bytes - a.bytes)
    .slice(0, MOST)
    .map(([site]) => site);
}
