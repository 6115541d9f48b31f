import type { MemoryProfiler } from './memory-profiler.js';

/** A share in the process's one profiler. */
export interface ProfilerClaim {
  readonly profiler: MemoryProfiler;
  /** Gives it up; the last one to do so stops the profiler. Never rejects. */
  release(): Promise<void>;
}

interface Holder {
  /** Called when a newer holder takes over the metrics. */
  displaced(): void;
  /** Called when that one has given up, and this is the newest again. */
  restored(): void;
}

interface Shared {
  readonly profiler: MemoryProfiler;
  readonly holders: Set<Holder>;
}

const KEY = Symbol.for('heapray.profiler.1');

/** The profiler of this process, while anybody has it. */
export function currentProfiler(): MemoryProfiler | undefined {
  return (globalThis as { [KEY]?: Shared | undefined })[KEY]?.profiler;
}

/**
 * The profiler of this process, started by the first who asks: V8 has one sampler, so two profilers would
 * only take it from each other. Later ones share it, also across copies of this package.
 */
export function claimProfiler(create: () => MemoryProfiler, holder: Holder): ProfilerClaim {
  const global = globalThis as { [KEY]?: Shared | undefined };
  let shared = global[KEY];
  if (shared) for (const other of shared.holders) other.displaced();
  else {
    shared = { profiler: create(), holders: new Set() };
    global[KEY] = shared;
    shared.profiler.start();
  }
  const { profiler, holders } = shared;
  holders.add(holder);
  return {
    profiler,
    async release() {
      const wasNewest = [...holders].at(-1) === holder;
      if (!holders.delete(holder)) return;
      if (wasNewest) [...holders].at(-1)?.restored();
      if (holders.size > 0 || global[KEY]?.profiler !== profiler) return;
      global[KEY] = undefined;
      await profiler.stop();
    },
  };
}
