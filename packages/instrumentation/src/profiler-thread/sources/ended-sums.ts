import type { LedgerKind } from '../../protocol/memory-origin.js';
import type { LedgerCounts, LedgerSource } from '../ledger/index.js';

/** Allocations of sources that were removed. */
export interface EndedAllocations {
  readonly bytes: number;
  readonly objects: number;
}

/** Sums of what removed sources had counted. */
export interface EndedSums {
  readonly counts: LedgerCounts;
  readonly allocated: ReadonlyMap<LedgerKind, EndedAllocations>;
  /** Number of major collections observed, and of stacks charged to another call site than their own. */
  readonly majors: number;
  readonly foldedSites: number;
}

const NO_COUNTS: LedgerCounts = {
  samples: 0,
  unseenSamples: 0,
  pendingSamples: 0,
  shortLivedSamples: 0,
  completePairs: 0,
  interruptedPairs: 0,
  sampledBytes: 0,
  attributedBytes: 0,
  attributionErrorBytes: 0,
  liveSamples: 0,
  lostSamples: 0,
  foldedStacks: 0,
};

export const NONE_ENDED: EndedSums = { counts: NO_COUNTS, allocated: new Map(), majors: 0, foldedSites: 0 };

/** Adds a source that ends; nothing in it may be pending. */
export function addEnded(ended: EndedSums, { kind, ledger }: LedgerSource): EndedSums {
  let { bytes, objects } = ended.allocated.get(kind) ?? { bytes: 0, objects: 0 };
  for (let node = 0; node < ledger.tree.size; node++) {
    bytes += ledger.allocatedBytes(node);
    objects += ledger.allocatedObjects(node);
  }
  return {
    counts: { ...totalCounts([ledger.counts], ended.counts), liveSamples: 0, pendingSamples: 0 },
    allocated: new Map([...ended.allocated, [kind, { bytes, objects }]]),
    majors: ended.majors + ledger.reachability.majors,
    foldedSites: ended.foldedSites + ledger.sites.foldedStacks,
  };
}

/** Returns the sum of counts. Errors of different ledgers are independent, so their squares add up. */
export function totalCounts(all: readonly LedgerCounts[], ended: LedgerCounts): LedgerCounts {
  const sum: Record<keyof LedgerCounts, number> = { ...ended };
  const keys = Object.keys(sum) as (keyof LedgerCounts)[];
  for (const counts of all) {
    for (const key of keys) {
      sum[key] = key === 'attributionErrorBytes' ? Math.hypot(sum[key], counts[key]) : sum[key] + counts[key];
    }
  }
  return sum;
}
