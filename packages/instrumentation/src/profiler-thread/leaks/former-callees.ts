import type { SiteIndex } from '../ledger/state/call-site.js';
import type { JudgedLedger } from './judged-ledger.js';

/** Minimum number of samples of a function that are still in use. */
const MIN_SAMPLES = 2;
/** Part of that number that may be missing, as each sample counts by its probability to be reachable. */
const TOLERANCE = 0.25;
/** Maximum number of functions for each suspect. */
const MOST = 3;

/** What a function holds that a suspect called. */
interface Held {
  samples: number;
  bytes: number;
  /** Time at which the newest of its samples was seen first. */
  newestMillis: number;
}

/**
 * Finds the functions that suspects called and that allocated earlier, but not any more: V8 has probably inlined them. Then their
 * allocations have the suspect's name, and what they allocated before says who really makes the objects.
 *
 * @param silentMillis time since which such a function has allocated nothing under its own name, on the clock of the polls
 * @returns for each suspect, the sites of those functions, from the one that holds most
 */
export function formerCallees(
  ledger: JudgedLedger,
  suspects: ReadonlySet<SiteIndex>,
  silentMillis: number,
): ReadonlyMap<SiteIndex, readonly SiteIndex[]> {
  const { sites } = ledger;
  if (suspects.size === 0 || !sites.nearestCaller) return new Map();
  const callers = new Map<number, SiteIndex | undefined>();
  const callerOf = (node: number): SiteIndex | undefined => {
    if (!callers.has(node))
      callers.set(
        node,
        sites.nearestCaller?.(node, (site) => suspects.has(site)),
      );
    return callers.get(node);
  };
  const found = new Map<SiteIndex, Map<SiteIndex, Held>>();
  ledger.forEachReachable(({ node, bytes, firstSeenMillis }, reachable) => {
    const site = sites.siteOf(node);
    const suspect = suspects.has(site) ? undefined : callerOf(node);
    if (suspect === undefined) return;
    const bySite = found.get(suspect) ?? new Map<SiteIndex, Held>();
    found.set(suspect, bySite);
    const held = bySite.get(site) ?? { samples: 0, bytes: 0, newestMillis: firstSeenMillis };
    bySite.set(site, held);
    held.samples += bytes > 0 ? reachable / bytes : 0;
    held.bytes += reachable;
    // Garbage too: it shows that the function still allocates.
    held.newestMillis = Math.max(held.newestMillis, firstSeenMillis);
  });
  return new Map([...found].map(([suspect, bySite]) => [suspect, named(bySite, silentMillis)]));
}

function named(bySite: ReadonlyMap<SiteIndex, Held>, silentMillis: number): SiteIndex[] {
  return [...bySite]
    .filter(([, { samples, newestMillis }]) => {
      return samples >= MIN_SAMPLES - TOLERANCE && newestMillis <= silentMillis;
    })
    .sort(([, a], [, b]) => b.bytes - a.bytes)
    .slice(0, MOST)
    .map(([site]) => site);
}
