import type { Profile } from '@heapray/exporter/profile';
import { type PackedProfile, unpackProfile } from '@heapray/exporter/transfer';

/**
 * Returns the profile that the profiler thread has sent. Its tables arrived without a copy, and its texts are parsed when
 * they are first used, so this costs the main thread next to nothing.
 *
 * The code is loaded at the start: bundlers split a program where code is loaded on demand, and some refuse to.
 */
export function unpacked(packed: PackedProfile): Profile {
  return unpackProfile(packed);
}
