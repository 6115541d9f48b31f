import type { Ledger } from '../ledger/ledger.js';
import type { SiteIndex } from '../ledger/state/call-site.js';

/** Bytes that a call site allocated in a span of time, and how many of them are still alive. */
export interface Survival {
  readonly allocatedBytes: number;
  readonly aliveBytes: number;
  /** Share alive, 0 to 1: an estimate, clamped at 1. */
  readonly share: number;
}

interface Span {
  readonly fromMillis: number;
  toMillis: number;
  readonly allocated: Map<SiteIndex, number>;
}

const SPAN_MILLIS = 60_000;
/** Number of spans for which survival is known. */
export const SURVIVAL_SPANS = 10;
/** Maximum number of sites kept in a span, the largest first, so that any program fits in a megabyte. */
const KEPT_SITES = 1_000;

/**
 * Tracks the survival rate of call sites: the share of what a site allocated N minutes ago that is still
 * alive. It separates a store from churn and needs no trend. Spans are a minute long by default; those older
 * than `SURVIVAL_SPANS` spans are dropped.
 *
 * Both sides of the share are estimates. What is alive is sampled, and weighted by the probability that it is
 * reachable. What died unseen is attributed with statistics that may be of the span before. When the sampler
 * is lost, it is unknown what survives, so counting restarts.
 */
export class SurvivalTracker {
  readonly #spanMillis: number;
  #spans: Span[] = [];
  #allocatedBefore = new Map<SiteIndex, number>();
  #lostSamples = 0;

  constructor(options: { readonly spanMillis?: number } = {}) {
    this.#spanMillis = options.spanMillis ?? SPAN_MILLIS;
  }

  /** Closes a span when its time is over. Call after each poll and after the ledger's `attribute`. */
  observe(ledger: Ledger, atMillis: number): void {
    const { lostSamples } = ledger.counts;
    if (lostSamples > this.#lostSamples) this.#spans = [];
    this.#lostSamples = lostSamples;
    const open = this.#spans.at(-1);
    if (open && atMillis - open.fromMillis < this.#spanMillis) return;
    const allocated = allocatedBySite(ledger);
    if (open) {
      open.toMillis = atMillis;
      for (const [site, bytes] of largest(allocated, this.#allocatedBefore)) open.allocated.set(site, bytes);
    }
    this.#allocatedBefore = allocated;
    this.#spans.push({ fromMillis: atMillis, toMillis: Number.POSITIVE_INFINITY, allocated: new Map() });
    // One more than the limit: the open span. Spans may be longer than set, never shorter.
    if (this.#spans.length > SURVIVAL_SPANS + 1) this.#spans.shift();
  }

  /**
   * Returns for each site how much of what it allocated that long ago is alive.
   *
   * @param ageMillis age in ms, at most `SURVIVAL_SPANS` spans
   * @returns undefined without a closed span of that age
   */
  survival(ledger: Ledger, atMillis: number, ageMillis: number): Map<SiteIndex, Survival> | undefined {
    const moment = atMillis - ageMillis;
    const span = this.#spans.find(({ fromMillis, toMillis }) => fromMillis <= moment && moment < toMillis);
    if (!span || span.toMillis === Number.POSITIVE_INFINITY) return undefined;
    const alive = aliveBySite(ledger, span);
    const result = new Map<SiteIndex, Survival>();
    for (const [site, allocatedBytes] of span.allocated) {
      const aliveBytes = alive.get(site) ?? 0;
      result.set(site, { allocatedBytes, aliveBytes, share: Math.min(1, aliveBytes / allocatedBytes) });
    }
    return result;
  }
}

/** Returns the largest increases in allocated bytes by site, largest first. */
function largest(
  now: ReadonlyMap<SiteIndex, number>,
  before: ReadonlyMap<SiteIndex, number>,
): [SiteIndex, number][] {
  const grown = [...now].map(([site, bytes]): [SiteIndex, number] => [site, bytes - (before.get(site) ?? 0)]);
  return grown
    .filter(([, bytes]) => bytes > 0)
    .sort((a, b) => b[1] - a[1])
    .slice(0, KEPT_SITES);
}

function allocatedBySite(ledger: Ledger): Map<SiteIndex, number> {
  const bySite = new Map<SiteIndex, number>();
  for (let node = 0; node < ledger.tree.size; node++) {
    const bytes = ledger.allocatedBytes(node);
    if (bytes <= 0) continue;
    const site = ledger.sites.siteOf(node);
    bySite.set(site, (bySite.get(site) ?? 0) + bytes);
  }
  return bySite;
}

function aliveBySite(ledger: Ledger, span: Span): Map<SiteIndex, number> {
  const bySite = new Map<SiteIndex, number>();
  ledger.forEachReachable(({ node, firstSeenMillis }, bytes) => {
    if (firstSeenMillis <= span.fromMillis || firstSeenMillis > span.toMillis) return;
    const site = ledger.sites.siteOf(node);
    bySite.set(site, (bySite.get(site) ?? 0) + bytes);
  });
  return bySite;
}
