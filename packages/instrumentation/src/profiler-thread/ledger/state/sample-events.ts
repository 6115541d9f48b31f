import type { NodeIndex } from './call-tree.js';

/** A sample of a source that reports each birth and death. */
export interface BornSample {
  readonly node: NodeIndex;
  /** Estimated bytes that it stands for. */
  readonly bytes: number;
  /** Size of the sampled object, in bytes. */
  readonly objectBytes: number;
  readonly bornMillis: number;
  /** True for one that was counted before, with another stack: it is in use, but not allocated again. */
  readonly isMoved: boolean;
}

/** Events since the last ones. Times are in ms on the clock of the ledger. */
export interface SampleEvents {
  /** In the order of their ordinals, which count on from `Ledger.newestOrdinal`. */
  readonly born: readonly BornSample[];
  /** Ordinals of samples that are gone. */
  readonly died: readonly number[];
  /** Moment up to which events are known; a collection after it is left to later events. */
  readonly askedMillis: number;
}
