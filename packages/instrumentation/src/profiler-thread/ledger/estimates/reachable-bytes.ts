import type { NodeIndex } from '../state/call-tree.js';
import type { LiveSample, LiveSamples } from '../state/live-samples.js';
import type { ShownBytes } from '../state/shown-bytes.js';
import type { Collections, Reachability } from './reachability.js';

/** Number of ordinals searched for the newest missing one: the young generation holds fewer samples. */
const MAX_UNBROKEN = 20_000;
/** Number of major collections kept for the next poll; without a sampler there may be none for days. */
const MAX_MAJORS = 64;
const NO_COLLECTIONS: Collections = { scavenges: 0, majors: [] };

/** The range of a poll, in ordinals, and when it was requested. */
export interface PollSpan {
  readonly askedMillis: number;
  /** Newest ordinals of the previous poll and of this one. */
  readonly before: number;
  readonly newest: number;
  /** True if scavenges free nothing that is followed, so that deaths show nothing about them. */
  readonly outlivesScavenges?: boolean;
}

/** The part of the bytes that polls show that is likely to be reachable. */
export class ReachableBytes {
  readonly #live: LiveSamples;
  readonly #shown: ShownBytes;
  readonly #reachability: Reachability;
  #collections: Collections = NO_COLLECTIONS;
  #estimate: { readonly byNode: ReadonlyMap<NodeIndex, number>; readonly totalBytes: number } | undefined;

  constructor(live: LiveSamples, shown: ShownBytes, reachability: Reachability) {
    this.#live = live;
    this.#shown = shown;
    this.#reachability = reachability;
  }

  /** Records garbage collections, to interpret the next poll. */
  addCollections({ scavenges, majors }: Collections): void {
    this.#collections = {
      scavenges: this.#collections.scavenges + scavenges,
      majors: [...this.#collections.majors, ...majors].slice(-MAX_MAJORS),
    };
  }

  /**
   * Learns from a poll.
   *
   * @param died samples that the previous poll has shown and this one does not
   */
  update({ askedMillis, before, newest, outlivesScavenges }: PollSpan, died: readonly LiveSample[]): void {
    const missing = outlivesScavenges
      ? 0
      : newest - this.#live.unbroken(newest, Math.max(0, newest - MAX_UNBROKEN));
    const { scavenges, majors } = this.#collections;
    // Leave later collections to the next poll: this one may have been taken before or after them.
    const seen = majors.filter(({ sweepMillis }) => sweepMillis <= askedMillis);
    this.#collections = { scavenges: 0, majors: majors.filter((one) => !seen.includes(one)) };
    const span = { atMillis: askedMillis, before, newest, missing };
    this.#reachability.update(span, { scavenges, majors: seen }, this.#live, died);
    this.#estimate = undefined;
  }

  /** Forgets the present estimate: what polls show has changed. */
  invalidate(): void {
    this.#estimate = undefined;
  }

  /** Estimated bytes of all stacks together. */
  get totalBytes(): number {
    return this.#estimated().totalBytes;
  }

  /** Returns the estimated bytes of a stack. */
  bytes(node: NodeIndex): number {
    return (this.#estimated().byNode.get(node) ?? 1) * this.#shown.bytes(node);
  }

  /**
   * Calls back for every live sample.
   *
   * @param visit.bytes the sample's estimated bytes times the probability that it is reachable
   */
  forEach(visit: (sample: LiveSample, bytes: number) => void): void {
    this.#live.forEachSample((sample) => void visit(sample, sample.bytes * this.#reachability.share(sample)));
  }

  /** Returns the reachable share of the shown bytes, by stack. Uses V8's unbiased bytes of each node. */
  #estimated(): { readonly byNode: ReadonlyMap<NodeIndex, number>; readonly totalBytes: number } {
    if (this.#estimate) return this.#estimate;
    const byNode = new Map<NodeIndex, number>();
    let { totalBytes } = this.#shown;
    if (this.#reachability.isKnown) {
      const sums = new Map<NodeIndex, { shown: number; reachable: number }>();
      this.forEach(({ node, bytes }, reachable) => {
        const sum = sums.get(node) ?? { shown: 0, reachable: 0 };
        sum.shown += bytes;
        sum.reachable += reachable;
        sums.set(node, sum);
      });
      for (const [node, { shown, reachable }] of sums) {
        const part = shown > 0 ? reachable / shown : 1;
        byNode.set(node, part);
        totalBytes -= (1 - part) * this.#shown.bytes(node);
      }
    }
    this.#estimate = { byNode, totalBytes: Math.max(0, totalBytes) };
    return this.#estimate;
  }
}
