import type { Ledger } from '../ledger/index.js';

/** What has to be said where a frozen remainder is among what is in use; nothing without one. */
export function frozenNote(ledger: Ledger): readonly string[] {
  const bytes = Math.round(ledger.frozen.totalBytes);
  if (bytes <= 0) return [];
  return [
    `${bytes} bytes with the age frozen were in use when the sampling interval grew; what of them was freed since is not known`,
  ];
}
