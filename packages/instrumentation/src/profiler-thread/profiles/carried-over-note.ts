import type { Ledger } from '../ledger/index.js';

/** Returns a note about the frozen remainder among what is in use; empty if there is none. */
export function carriedOverNote(ledger: Ledger): readonly string[] {
  const bytes = Math.round(ledger.carriedOver.totalBytes);
  if (bytes <= 0) return [];
  return [
    `${bytes} bytes with the age frozen are what is likely to be left of what was in use when the sampling interval grew`,
  ];
}
