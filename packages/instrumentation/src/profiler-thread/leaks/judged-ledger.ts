/** A sample that is in use at a poll. Times are in ms, on the clock of the polls. */
export interface JudgedSample {
  readonly node: number;
  /** Bytes that the sample stands for. */
  readonly bytes: number;
  readonly firstSeenMillis: number;
  /** Time of the last major collection that it is known to have survived. */
  readonly confirmedMillis: number;
}

/** The part of the ledger by which leaks are judged. */
export interface JudgedLedger {
  readonly reachability: { readonly lastMajorMillis: number | undefined };
  readonly sites: {
    /** Returns the number of the call site of a node. */
    siteOf(node: number): number;
  };
  /** Calls `visit` with each sample, and with the part of its bytes that is likely to be reachable. */
  forEachReachable(visit: (sample: JudgedSample, reachableBytes: number) => void): void;
}
