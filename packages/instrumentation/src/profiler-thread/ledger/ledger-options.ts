import type { CodeFacts } from './state/call-site.js';
import type { NodeIndex } from './state/call-tree.js';

/** Follows single events, e.g. to write them to a capture. Bytes are estimates; ids are never reused. */
export interface LedgerListener {
  allocated(id: number, node: NodeIndex, bytes: number): void;
  freed(id: number): void;
  /** Samples born and dead unseen, attributed to a stack by estimate; `samples` may be fractional. */
  estimated(node: NodeIndex, samples: number, bytes: number): void;
}

export interface LedgerOptions extends CodeFacts {
  /** Mean bytes between samples. */
  readonly samplingInterval: number;
  /** Component name of this process, for stacks outside all wrapped components. */
  readonly component: string;
  /** True if stacks have frames of inlined functions, or if none are inlined. Default: false. */
  readonly showsInlined?: boolean | undefined;
  readonly maxNodes?: number;
  /**
   * Number of frames that the sampler records; a stack of this depth may lack its outer frames. Default: no
   * limit.
   */
  readonly stackDepth?: number;
  /** Returns ids of samples; shared by ledgers whose events are followed together. Default: from 1. */
  readonly nextId?: (() => number) | undefined;
}

/** Samples of heapray's own, which a poll result of exact mode leaves out. */
export interface LeftOut {
  /** Ordinal of the newest sample, own ones included. */
  readonly newest: number;
  /** Number of own samples since the poll before, dead or alive. */
  readonly own: number;
}
