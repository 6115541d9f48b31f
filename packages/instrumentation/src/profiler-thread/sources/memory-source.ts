import type { PastStates } from '../history/past-states.js';
import type { LeakWatch } from '../leaks/leak-watch.js';
import type { LedgerSource } from '../ledger/index.js';

/**
 * Memory of one kind that one thread of the process allocates, e.g. the heap of a worker thread. Each source has its own
 * call tree, call sites and estimators, so that it can be removed whole.
 */
export interface MemorySource extends LedgerSource {
  readonly leaks: LeakWatch;
  readonly past: PastStates;
}
