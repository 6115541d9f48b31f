/** Counts of a ledger since its start. */
export interface LedgerCounts {
  /** Number of samples that V8 has taken. */
  readonly samples: number;
  /** Number of these never seen alive. */
  readonly unseenSamples: number;
  /** Number of these not attributed yet. */
  readonly pendingSamples: number;
  /** Number of samples of pairs gone at the next poll, from which unseen samples are attributed. */
  readonly shortLivedSamples: number;
  /** Number of pairs without, and with, a collection between the two polls. */
  readonly completePairs: number;
  readonly interruptedPairs: number;
  /** Bytes of all samples, one interval each; and of the unseen ones attributed to functions. */
  readonly sampledBytes: number;
  readonly attributedBytes: number;
  /**
   * Standard error of the attributed bytes of one function, in bytes: of the function with the largest error.
   */
  readonly attributionErrorBytes: number;
  readonly liveSamples: number;
  /** Number of samples alive when the sampler was lost; whether they were freed is unknown. */
  readonly lostSamples: number;
  /** Number of times a new stack was folded into its caller because the tree was full. */
  readonly foldedStacks: number;
}
