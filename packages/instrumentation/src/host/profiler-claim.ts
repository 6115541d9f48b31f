import { processState } from '../containment/process-state.js';
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
  /** The newest last. */
  readonly holders: Holder[];
}

const KEY = 'heapray.profiler.2';

/** All copies of this package see the same one. */
function current(): { shared: Shared | undefined } {
  return processState(KEY, () => ({ shared: undefined }));
}

/** The profiler of this process, while anybody has it. */
export function currentProfiler(): MemoryProfiler | undefined {
  return current().shared?.profiler;
}

/**
 * The profiler of this process, started by the first who asks: V8 has one sampler, so two profilers would
 * only take it from each other. Later ones share it, also across copies of this package.
 */
export function claimProfiler(create: () => MemoryProfiler, holder: Holder): ProfilerClaim {
  const state = current();
  let { shared } = state;
  if (shared) for (const other of shared.holders) other.displaced();
  else {
    shared = { profiler: create(), holders: [] };
    state.shared = shared;
    shared.profiler.start();
  }
  const { profiler, holders } = shared;
  holders[holders.length] = holder;
  return {
    profiler,
    async release() {
      const at = holders.indexOf(holder);
      if (at < 0) return;
      holders.splice(at, 1);
      // What was behind it has been displaced before.
      if (at === holders.length) holders.at(-1)?.restored();
      if (holders.length > 0 || state.shared?.profiler !== profiler) return;
      state.shared = undefined;
      await profiler.stop();
    },
  };
}
