/** A sample that is in use at a poll. Times are in ms, on the clock of the polls. */
export interface JudgedSample {
  readonly node: number;
  /** Bytes that the sample stands for. */
  readonly bytes: number;
  readonly firstSeenMillis: number;
  /** Time of the last major collection that it is known to have survived. */
  readonly confirmedMillis: number;
}

/** A sample that a poll does not show any more. */
export interface JudgedDeath {
  readonly sample: JudgedSample;
}

/** The time for which samples were reachable, as far as known. */
export interface JudgedReachability {
  readonly lastMajorMillis: number | undefined;
  /** Newest ordinal of the newest poll, or any other number that rises from poll to poll. */
  readonly newestOrdinal: number;
  /** Returns the deaths since the last call. */
  takeDeaths(): readonly JudgedDeath[];
  /** Returns the probability that a sample in use was reachable when `newest` was the newest; `share` is that of now. */
  earlierShare(sample: JudgedSample, newest: number, share: number): number;
  /** Returns the probability that a sample, dead by now, was reachable when `newest` was the newest. */
  shareBeforeDeath(death: JudgedDeath, newest: number): number;
}

/** The part of the ledger by which leaks are judged. */
export interface JudgedLedger {
  readonly reachability: JudgedReachability;
  readonly sites: {
    /** Returns the number of the call site of a node. */
    siteOf(node: number): number;
    /** Returns the nearest wanted call site among the callers of a node's own. Absent where callers are not known. */
    nearestCaller?(node: number, isWanted: (site: number) => boolean): number | undefined;
  };
  /** Calls `visit` with each sample, and with the part of its bytes that is likely to be reachable. */
  forEachReachable(visit: (sample: JudgedSample, reachableBytes: number) => void): void;
}
