import type { SiteIndex } from '../ledger/state/call-site.js';
import { grown } from './growth-rules.js';
import type { JudgedLedger } from './judged-ledger.js';
import { sumOf, type Window } from './windows.js';

/** Minimum number of samples of each in all windows. */
const MIN_SAMPLES = 10;
/** Minimum variance of the samples of a window, in means; it is 1 at an even rate (Poisson). */
const MIN_DISPERSION = 2;
/** Maximum correlation of the bytes of two sites, window by window. */
const MAX_CORRELATION = -0.45;
/** Minimum share of what became old that a site keeps, as a part of the share of the other. */
const MIN_SAME_KEPT = 0.8;
/** Share of a site's bytes that one function must have called for. */
const MIN_CALLED_SHARE = 0.8;
/** Maximum number of functions inlined one into the other. */
const MAX_DEPTH = 4;

/**
 * Finds call sites whose allocations another one has taken over. V8 inlines a busy function into its caller some time after the
 * start, or into a caller of that. From then on, samples of both have the caller's name, until V8 gives up that code. So a leak
 * seems to end in one site and to begin in another.
 *
 * One has taken over from another under these conditions:
 * - It is the nearest caller, among the sites whose rate changes, of nearly all that the other holds.
 * - The rates of both change, one against the other.
 * - Both keep about as much of what they allocate.
 *
 * @param sites windows of all sites
 * @param isLeak returns true for a site that looks like a leak by itself, and needs no other
 * @returns for each site that has taken over, the sites it has taken over from
 */
export function takeovers(
  ledger: JudgedLedger,
  sites: ReadonlyMap<SiteIndex, { readonly windows: readonly Window[] }>,
  isLeak: (site: SiteIndex) => boolean,
): ReadonlyMap<SiteIndex, readonly SiteIndex[]> {
  /** Sites, each with those that it has taken over from. */
  const uneven = new Map<SiteIndex, readonly Window[]>();
  const into = new Map<SiteIndex, SiteIndex>();
  const last = (site: SiteIndex): SiteIndex => {
    const next = into.get(site);
    return next === undefined ? site : last(next);
  };
  for (const [site, { windows }] of sites) if (isUneven(windows)) uneven.set(site, windows);
  const bytesOf = uneven.size > 1 ? bytesByNode(ledger, uneven) : new Map<number, number>();
  for (let depth = 0; depth < MAX_DEPTH && uneven.size > 1; depth++) {
    const before = into.size;
    for (const [site, named] of mainCallers(ledger, bytesOf, (each) => uneven.has(last(each)), last)) {
      const caller = last(named);
      const [windows, callerWindows] = [uneven.get(site), uneven.get(caller)];
      if (!windows || !callerWindows || caller === site || isLeak(site)) continue;
      if (correlation(windows, callerWindows) > MAX_CORRELATION || !keepAlike(windows, callerWindows))
        continue;
      uneven.set(
        caller,
        callerWindows.map((window, at) => sumOf(window, windows[at])),
      );
      uneven.delete(site);
      into.set(site, caller);
    }
    if (into.size === before) break;
  }
  const found = new Map<SiteIndex, SiteIndex[]>();
  for (const site of into.keys()) {
    const caller = last(site);
    found.set(caller, [...(found.get(caller) ?? []), site]);
  }
  return found;
}

/** Returns true if the rate changes by more than chance. */
function isUneven(windows: readonly Window[]): boolean {
  const samples = windows.map(({ addedSamples }) => addedSamples);
  const total = samples.reduce((sum, count) => sum + count, 0);
  if (total < MIN_SAMPLES) return false;
  const mean = total / samples.length;
  const squares = samples.reduce((sum, count) => sum + (count - mean) ** 2, 0);
  return squares / (samples.length - 1) >= MIN_DISPERSION * mean;
}

function keepAlike(a: readonly Window[], b: readonly Window[]): boolean {
  const [keptA, keptB] = [keptShare(a), keptShare(b)];
  return Math.min(keptA, keptB) >= MIN_SAME_KEPT * Math.max(keptA, keptB);
}

/** Returns growth as a share of what became old meanwhile. */
function keptShare(windows: readonly Window[]): number {
  const added = windows.slice(1).reduce((sum, window) => sum + window.added, 0);
  return added > 0 ? grown({ windows }) / added : 0;
}

/** Returns Pearson's correlation of what became old in each window. */
function correlation(a: readonly Window[], b: readonly Window[]): number {
  const mean = (windows: readonly Window[]) =>
    windows.reduce((sum, { added }) => sum + added, 0) / windows.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (const [at, window] of a.entries()) {
    const [x, y] = [window.added - meanA, (b[at]?.added ?? 0) - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

/** Returns what the stacks of the wanted sites hold, in bytes. */
function bytesByNode(
  ledger: JudgedLedger,
  wanted: { has(site: SiteIndex): boolean },
): ReadonlyMap<number, number> {
  const bytesOf = new Map<number, number>();
  ledger.forEachReachable(({ node, bytes }) => {
    if (wanted.has(ledger.sites.siteOf(node))) bytesOf.set(node, (bytesOf.get(node) ?? 0) + bytes);
  });
  return bytesOf;
}

/**
 * Returns, for each site, the nearest caller of nearly all of what it holds.
 *
 * @param bytesOf what the sites hold, by node
 * @param isCandidate returns true for a site that may be such a caller
 * @param last returns the site that has taken over from a site, or that itself
 */
function mainCallers(
  { sites }: JudgedLedger,
  bytesOf: ReadonlyMap<number, number>,
  isCandidate: (site: SiteIndex) => boolean,
  last: (site: SiteIndex) => SiteIndex,
): ReadonlyMap<SiteIndex, SiteIndex> {
  const bySite = new Map<SiteIndex, Map<SiteIndex | undefined, number>>();
  for (const [node, bytes] of bytesOf) {
    const site = last(sites.siteOf(node));
    const byCaller = bySite.get(site) ?? new Map<SiteIndex | undefined, number>();
    bySite.set(site, byCaller);
    const caller = sites.nearestCaller?.(node, (each) => last(each) !== site && isCandidate(each));
    const named = caller === undefined ? undefined : last(caller);
    byCaller.set(named, (byCaller.get(named) ?? 0) + bytes);
  }
  const callers = new Map<SiteIndex, SiteIndex>();
  for (const [site, byCaller] of bySite) {
    const total = [...byCaller.values()].reduce((sum, bytes) => sum + bytes, 0);
    for (const [caller, bytes] of byCaller) {
      if (caller !== undefined && bytes >= MIN_CALLED_SHARE * total) callers.set(site, caller);
    }
  }
  return callers;
}
