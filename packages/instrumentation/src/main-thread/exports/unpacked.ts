import type { PackedProfile, Profile } from '@heapray/exporter/profile';

/**
 * Returns the profile that the profiler thread has sent. Its tables arrived without a copy, and its texts are parsed when
 * they are first used, so this costs the main thread next to nothing.
 */
export async function unpacked(packed: PackedProfile): Promise<Profile> {
  // Loaded with the first profile: most processes never collect one.
  const { unpackProfile } = await import('@heapray/exporter/profile');
  return unpackProfile(packed);
}
