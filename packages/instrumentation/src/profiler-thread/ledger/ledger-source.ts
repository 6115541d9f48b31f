import type { MemoryOrigin } from '../../protocol/memory-origin.js';
import type { Ledger } from './ledger.js';

/** A ledger, and the memory that it accounts for. */
export interface LedgerSource extends MemoryOrigin {
  readonly ledger: Ledger;
}
