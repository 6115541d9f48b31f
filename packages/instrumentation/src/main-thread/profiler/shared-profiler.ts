import { processState } from '../containment/process-state.js';
import type { MemoryProfiler } from './memory-profiler.js';

/** A share in the process's one profiler. */
export interface ProfilerClaim {
  readonly profiler: MemoryProfiler;
  /** True if another holder had started the profiler. */
  readonly isShared: boolean;
  /** Returns true if no other holder carries the metrics to a MeterProvider. */
  mayCarry(): boolean;
  /** Elects again which holder carries the metrics. Call when `hasProvider` may have changed. */
  elect(): void;
  /** Gives up the share; the last release stops the profiler. Never rejects. */
  release(): Promise<void>;
}

/** A holder of a share. Exactly one holder carries the metrics at any time. */
export interface ProfilerHolder {
  /** Returns true if this holder has a MeterProvider that passes metrics on. */
  hasProvider(): boolean;
  /** Starts or stops carrying the metrics. */
  carryMetrics(carries: boolean): void;
}

interface Shared {
  readonly profiler: MemoryProfiler;
  /** Newest last. */
  readonly holders: ProfilerHolder[];
  carrier: ProfilerHolder | undefined;
}

interface State {
  shared: Shared | undefined;
  /** Last profiler that was stopped; it may not have ended yet. */
  before: MemoryProfiler | undefined;
}

const KEY = 'heapray.profiler.6';

/** Returns the state shared by all copies of this package. */
function current(): State {
  return processState(KEY, () => ({ shared: undefined, before: undefined }));
}

/** Returns the profiler of this process; undefined while it has no holder. */
export function currentProfiler(): MemoryProfiler | undefined {
  return current().shared?.profiler;
}

/**
 * Returns a share in the profiler of this process; the first call starts it. V8 has only one sampler, which
 * two profilers would take from each other. Later calls share the profiler, also across copies of this
 * package. A profiler created while the last one stops takes over its sampler.
 */
export function acquireSharedProfiler(create: () => MemoryProfiler, holder: ProfilerHolder): ProfilerClaim {
  const state = current();
  const isShared = state.shared !== undefined;
  const shared = state.shared ?? { profiler: create(), holders: [], carrier: undefined };
  if (!isShared) {
    state.shared = shared;
    const { before } = state;
    state.before = undefined;
    shared.profiler.start(before);
  }
  const { profiler, holders } = shared;
  holders[holders.length] = holder;
  elect(shared);
  return {
    profiler,
    isShared,
    mayCarry: () => shared.carrier === holder || !shared.carrier?.hasProvider(),
    elect: () => elect(shared),
    async release() {
      const at = holders.indexOf(holder);
      if (at < 0) return;
      holders.splice(at, 1);
      elect(shared);
      if (holders.length > 0 || state.shared !== shared) return;
      state.shared = undefined;
      state.before = profiler;
      await profiler.stop();
    },
  };
}

/** Elects the newest holder whose MeterProvider passes metrics on; without one, the newest holder. */
function elect(shared: Shared): void {
  const { holders, carrier } = shared;
  const next = holders.findLast((holder) => holder.hasProvider()) ?? holders.at(-1);
  if (next === carrier) return;
  shared.carrier = next;
  carrier?.carryMetrics(false);
  next?.carryMetrics(true);
}
