import type { Ledger } from '../ledger/index.js';

/** Returns a note about the bytes in use that were carried over a restart of the sampler; empty if there is none. */
export function carriedOverNote(ledger: Ledger): readonly string[] {
  const bytes = Math.round(ledger.carriedOver.totalBytes);
  if (bytes <= 0) return [];
  return [
    `${bytes} bytes of unknown age are what is likely to be left of what was in use when the sampling interval was changed`,
  ];
}
