import type { Profile } from '@heapray/exporter/profile';
import { HeapProfileDecoder } from '../../src/inputs/heapprofile/heapprofile.js';

/** Returns the profile of a whole `.heapprofile` file. Throws as {@link HeapProfileDecoder} does. */
export function decodeHeapProfile(bytes: Uint8Array): Profile {
  const decoder = new HeapProfileDecoder();
  decoder.push(bytes);
  return decoder.end();
}
