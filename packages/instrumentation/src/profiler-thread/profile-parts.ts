import path from 'node:path';
import type { ProfilerThreadOptions } from '../protocol/messages.js';
import type { OffHeapState } from './buffers/unattributed-off-heap.js';
import type { StartNativeDeps } from './native/start-native.js';
import type { ProfilePart } from './profiles/profile-part.js';

/** Parts of profiles besides the memory sources. */
export interface ProfileParts {
  readonly parts: readonly ProfilePart[];
  close(): void;
}

export interface ProfilePartsDeps extends Omit<StartNativeDeps, 'pid'> {
  /** Returns what is known of Buffers; undefined while they are not followed. */
  readonly offHeap: () => OffHeapState | undefined;
}

/**
 * Makes the parts: the native heap, if jemalloc profiles it. Otherwise the Buffers that no sample stands for, which the
 * native heap contains.
 */
export async function profileParts(
  { nativeDumps, workingFolder, pid }: Pick<ProfilerThreadOptions, 'nativeDumps' | 'workingFolder' | 'pid'>,
  { offHeap, ...deps }: ProfilePartsDeps,
): Promise<ProfileParts> {
  if (nativeDumps !== undefined) {
    const { startNative } = await import('./native/start-native.js');
    const native = startNative(path.resolve(workingFolder, nativeDumps), { ...deps, pid });
    if (native !== undefined) return { parts: [native.part], close: () => native.close() };
  }
  const { UnattributedOffHeap } = await import('./buffers/unattributed-off-heap.js');
  return { parts: [new UnattributedOffHeap(offHeap)], close: () => {} };
}
