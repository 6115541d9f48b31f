import type { LedgerSource, NodeIndex, SiteIndex } from '../ledger/index.js';
import { siteLabel } from '../ledger/index.js';

/** Label of a sample with the standard error of its bytes in use. */
export const IN_USE_ERROR = 'inuse_space_stderr';
/** Number of call sites whose errors stand in comments. */
const TOP_SITES = 50;

/** An estimate, and its variance in squared bytes. */
interface Estimate {
  bytes: number;
  variance: number;
}

/**
 * Returns the variance of the bytes in use of each stack, in squared bytes.
 *
 * Samples are taken by a Poisson process over allocated bytes, so each is independent of all others. One that stands for `w`
 * bytes adds `w²` times the probability that an object of its size is not sampled: an object much larger than the interval
 * is certain to be sampled, and adds nothing. It counts as often as it is likely to be reachable. Carried-over bytes have no
 * samples any more; they count as if each had stood for one interval.
 */
export function inUseVariances({ ledger }: LedgerSource): ReadonlyMap<NodeIndex, number> {
  const { samplingInterval } = ledger;
  const sums = new Map<NodeIndex, number>();
  const add = (node: NodeIndex, variance: number) => void sums.set(node, (sums.get(node) ?? 0) + variance);
  ledger.forEachReachable((sample, bytes) => {
    add(sample.node, bytes * sample.bytes * missedShare(sample.bytes / samplingInterval));
  });
  ledger.carriedOver.forEach((bytes, node) => void add(node, bytes * samplingInterval));
  return sums;
}

/**
 * Returns the probability that an object is not sampled.
 *
 * @param weight bytes that its sample stands for, in sampling intervals: `x / (1 - exp(-x))` for an object of `x` intervals
 */
export function missedShare(weight: number): number {
  if (!(weight > 1)) return 1;
  // Newton's method for x. The function is convex and rising, so it converges from above.
  let x = weight;
  for (let step = 0; step < 8; step++) {
    const missed = Math.exp(-x);
    const sampled = 1 - missed;
    if (sampled <= 0) return 1;
    const slope = (sampled - x * missed) / sampled ** 2;
    const next = x - (x / sampled - weight) / slope;
    if (!(next > 0)) return 1;
    if (Math.abs(next - x) < 1e-9 * x) break;
    x = next;
  }
  return Math.exp(-x);
}

/** Rounds to two digits, so that stacks of about the same error share a set of labels. */
export function roundedError(variance: number): number {
  return Math.round(Number(Math.sqrt(variance).toPrecision(2)));
}

/**
 * Returns comments that state standard errors: of the totals, and of the call sites with most bytes in use. Those of call
 * sites begin with `#`: the reports of `go tool pprof` leave such comments out, and `-comments` shows them.
 *
 * What was allocated has two errors: samples stand for one interval each, and samples that were never seen are attributed by
 * evidence. For both the ledger knows an upper bound.
 */
export function errorComments(sources: readonly LedgerSource[]): string[] {
  const total = { inUse: { bytes: 0, variance: 0 }, allocated: { bytes: 0, variance: 0 } };
  const rows: { readonly label: string; readonly inUse: Estimate; readonly allocated: Estimate }[] = [];
  for (const source of sources) {
    const { ledger } = source;
    const { samplingInterval, counts } = ledger;
    const knowsSites = ledger.knowsAllocationBySite;
    total.allocated.variance += counts.sampledBytes * samplingInterval;
    for (const [site, { inUse, allocated }] of sitesOf(source)) {
      total.inUse.bytes += inUse.bytes;
      total.inUse.variance += inUse.variance;
      total.allocated.bytes += allocated;
      const attribution = Math.min(counts.attributionErrorBytes, allocated);
      const variance = allocated * samplingInterval + attribution ** 2;
      if (inUse.bytes <= 0) continue;
      const label = `${siteLabel(ledger.sites.site(site))}${originText(source)}`;
      rows.push({ label, inUse, allocated: { bytes: knowsSites ? allocated : 0, variance } });
    }
  }
  rows.sort((a, b) => b.inUse.bytes - a.inUse.bytes);
  return [
    `standard errors, in bytes: a true value is within one of them in about 68 of 100 cases; those of alloc_space are upper bounds`,
    `standard error of the totals: inuse_space ${text(total.inUse)}, alloc_space ${text(total.allocated)}`,
    ...rows.slice(0, TOP_SITES).map(({ label, inUse, allocated }) => {
      const more = allocated.bytes > 0 ? `, alloc_space ${text(allocated)}` : '';
      return `# standard error of ${label}: inuse_space ${text(inUse)}${more}`;
    }),
  ];
}

function sitesOf(
  source: LedgerSource,
): ReadonlyMap<SiteIndex, { readonly inUse: Estimate; readonly allocated: number }> {
  const { ledger } = source;
  const variances = inUseVariances(source);
  const sites = new Map<SiteIndex, { inUse: Estimate; allocated: number }>();
  for (let node = 0; node < ledger.tree.size; node++) {
    const allocated = ledger.allocatedBytes(node);
    const bytes = ledger.inUseBytes(node);
    if (allocated <= 0 && bytes <= 0) continue;
    const site = ledger.sites.siteOf(node);
    let sum = sites.get(site);
    if (sum === undefined) {
      sum = { inUse: { bytes: 0, variance: 0 }, allocated: 0 };
      sites.set(site, sum);
    }
    sum.inUse.bytes += bytes;
    sum.inUse.variance += variances.get(node) ?? 0;
    sum.allocated += allocated;
  }
  return sites;
}

/** Names a source other than the heap of the main thread. */
function originText({ kind, thread }: LedgerSource): string {
  const parts = [kind === 'heap' ? '' : kind, thread === undefined ? '' : `thread ${thread.name}`];
  const named = parts.filter((part) => part !== '').join(', ');
  return named === '' ? '' : ` [${named}]`;
}

function text({ bytes, variance }: Estimate): string {
  return `${Math.round(bytes)} ± ${Math.round(Math.sqrt(variance))}`;
}
