import { processState } from '../containment/process-state.js';
import type { MemoryProfiler } from './memory-profiler.js';

/** A share in the process's one profiler. */
export interface ProfilerClaim {
  readonly profiler: MemoryProfiler;
  /** Whether another holder had started the profiler. */
  readonly isShared: boolean;
  /** Returns whether no other holder carries the metrics to a MeterProvider. */
  mayCarry(): boolean;
  /** Decides anew who carries the metrics; call when `hasProvider` may have changed. */
  elect(): void;
  /** Gives it up; the last one to do so stops the profiler. Never rejects. */
  release(): Promise<void>;
}

/** Who shares the profiler. Exactly one holder carries its metrics at any time. */
export interface ProfilerHolder {
  /** Returns whether this holder has a MeterProvider that passes metrics on. */
  hasProvider(): boolean;
  /** Takes over the metrics, or gives them up. */
  carryMetrics(carries: boolean): void;
}

interface Shared {
  readonly profiler: MemoryProfiler;
  /** The newest last. */
  readonly holders: ProfilerHolder[];
  carrier: ProfilerHolder | undefined;
}

interface State {
  shared: Shared | undefined;
  /** The last profiler that was stopped; it may not have ended yet. */
  before: MemoryProfiler | undefined;
}

const KEY = 'heapray.profiler.3';

/** All copies of this package see the same one. */
function current(): State {
  return processState(KEY, () => ({ shared: undefined, before: undefined }));
}

/** The profiler of this process, while anybody has it. */
export function currentProfiler(): MemoryProfiler | undefined {
  return current().shared?.profiler;
}

/**
 * The profiler of this process, started by the first who asks: V8 has one sampler, so two profilers would
 * only take it from each other. Later ones share it, also across copies of this package. One that is asked for while the
 * last one stops takes over its sampler.
 */
export function claimProfiler(create: () => MemoryProfiler, holder: ProfilerHolder): ProfilerClaim {
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

/** The newest holder whose MeterProvider passes metrics on carries them; without one, the newest. */
function elect(shared: Shared): void {
  const { holders, carrier } = shared;
  const next = holders.findLast((holder) => holder.hasProvider()) ?? holders.at(-1);
  if (next === carrier) return;
  shared.carrier = next;
  carrier?.carryMetrics(false);
  next?.carryMetrics(true);
}
