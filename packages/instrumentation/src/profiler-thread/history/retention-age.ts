import { AGE_BUCKETS } from '../../protocol/age-buckets.js';
import type { Ledger } from '../ledger/ledger.js';
import type { NodeIndex } from '../ledger/state/call-tree.js';

const UPPER_MILLIS = [10_000, 60_000, 600_000, 3_600_000] as const;
/** Bucket of what was carried over a restart of the sampler. */
const UNKNOWN = AGE_BUCKETS.indexOf('unknown');

/** Returns the bucket of an age, as an index into `AGE_BUCKETS`. */
export function ageBucketOf(ageMillis: number): number {
  const index = UPPER_MILLIS.findIndex((upper) => ageMillis < upper);
  return index < 0 ? UPPER_MILLIS.length : index;
}

/**
 * Returns the bytes in use of each stack by age. A sample's bytes are those of the poll that first showed it,
 * so the buckets of a stack are scaled to the newest poll's sum.
 *
 * @returns for each stack, one number for each of `AGE_BUCKETS`
 */
export function bytesByAge(ledger: Ledger, atMillis: number): Map<NodeIndex, number[]> {
  const byNode = new Map<NodeIndex, number[]>();
  ledger.forEachReachable(({ node, firstSeenMillis }, bytes) => {
    const buckets = bucketsOf(byNode, node);
    const bucket = ageBucketOf(atMillis - firstSeenMillis);
    buckets[bucket] = (buckets[bucket] ?? 0) + bytes;
  });
  for (const [node, buckets] of byNode) {
    const sum = buckets.reduce((total, bytes) => total + bytes, 0);
    const observed = ledger.inUseBytes(node) - ledger.carriedOver.bytes(node);
    const scale = sum > 0 ? observed / sum : 0;
    for (let i = 0; i < buckets.length; i++) buckets[i] = (buckets[i] ?? 0) * scale;
  }
  ledger.carriedOver.forEach((bytes, node) => {
    bucketsOf(byNode, node)[UNKNOWN] = bytes;
  });
  return byNode;
}

function bucketsOf(byNode: Map<NodeIndex, number[]>, node: NodeIndex): number[] {
  let buckets = byNode.get(node);
  if (!buckets) {
    buckets = AGE_BUCKETS.map(() => 0);
    byNode.set(node, buckets);
  }
  return buckets;
}
