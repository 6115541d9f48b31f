import { PackageLookup } from '@heapray/exporter/call-sites';
import type { ProfilePart } from '../profiles/index.js';
import type { ProfilerStats } from '../stats/profiler-stats.js';
import { NativeHeap, type NativeHeapDeps } from './native-heap.js';
import { NativePart } from './native-part.js';

export interface StartNativeDeps {
  readonly pid: number;
  readonly component: () => string;
  readonly stats: Pick<ProfilerStats, 'drop'>;
  readonly log: NativeHeapDeps['log'];
}

/**
 * Starts to follow jemalloc's dumps of this process.
 *
 * @param folder folder of the dumps, absolute
 * @returns the native heap as a part of profiles; undefined, with a message, if jemalloc does not profile
 */
export function startNative(
  folder: string,
  { pid, component, stats, log }: StartNativeDeps,
): { readonly part: ProfilePart; close(): void } | undefined {
  const onDropped = () => stats.drop('native_dump');
  const heap = NativeHeap.start({ folder, pid, log, onDropped });
  if (heap === undefined) return undefined;
  const packages = new PackageLookup();
  const part = new NativePart({ heap, component, packageOf: (file) => packages.packageOf(file).name });
  return { part, close: () => heap.close() };
}
