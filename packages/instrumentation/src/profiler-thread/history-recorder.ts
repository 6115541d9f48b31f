import type { MainMemory } from '../protocol/messages.js';
import { inUseOfSources } from './history/in-use-by-age.js';
import { MemoryHistory } from './history/memory-history.js';
import type { PollLoop } from './polling/poll-loop.js';
import type { AllLeaks } from './sources/all-leaks.js';
import type { MemorySources } from './sources/memory-sources.js';
import { type ProfilerStats, threadCpuMillis } from './stats/profiler-stats.js';

export interface HistoryRecorderDeps {
  readonly sources: MemorySources;
  readonly loop: Pick<PollLoop, 'mode' | 'lastPollMillis'>;
  readonly leaks: Pick<AllLeaks, 'siteKeys'>;
  readonly stats: Pick<ProfilerStats, 'cpuMillis'>;
  /** Present time, in ms since the epoch. */
  readonly clock: () => number;
  /** Asks the main thread for its memory; undefined if it does not answer in time. */
  readonly mainMemory: () => Promise<MainMemory | undefined>;
  /** CPU time of this thread so far, in ms. Default: `threadCpuMillis` */
  readonly threadMillis?: () => number;
}

/** Time between two moments of the history, in ms. */
const STEP_MILLIS = 10_000;
/** Delay of the first moment, in ms: the main thread is busy at the start. */
const FIRST_MILLIS = 1_000;
/** Gap after the samples were visited, as a multiple of the CPU time that took: 0.1 % of a core at most, 0.01 % once warm. */
const VISIT_GAP = 1_000;

/**
 * Records the history of the process every 10 s. Costs the main thread some 0.1 ms each time. What only the main thread knows
 * it answers when its event loop turns; without an answer, the moment has no such values.
 */
export class HistoryRecorder {
  readonly history: MemoryHistory = new MemoryHistory();
  readonly #deps: HistoryRecorderDeps;
  readonly #timer: NodeJS.Timeout;
  readonly #first: NodeJS.Timeout;
  #visitAt = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(deps: HistoryRecorderDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.#record(), STEP_MILLIS).unref();
    this.#first = setTimeout(() => void this.#record(), FIRST_MILLIS).unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#first);
  }

  async #record(): Promise<void> {
    const { sources, loop, leaks, stats, clock, mainMemory } = this.#deps;
    const memory = await mainMemory();
    if (this.#isStopped) return;
    const isSampling = loop.mode !== undefined && loop.lastPollMillis !== undefined;
    const inUse = isSampling ? this.#visit() : undefined;
    this.history.add({
      epochMillis: Math.round(clock()),
      resident: memory?.resident,
      heapUsedBytes: memory?.heapUsedBytes,
      allocatedBytes: sources.counts.sampledBytes,
      pollMillis: loop.lastPollMillis,
      cpuMillis: stats.cpuMillis(),
      inUse,
      sites: leaks.siteKeys,
    });
  }

  /** Visits the samples, unless that would cost too much. */
  #visit() {
    const { sources, threadMillis = threadCpuMillis } = this.#deps;
    const atMillis = performance.now();
    if (atMillis < this.#visitAt) return undefined;
    const before = threadMillis();
    const keyOf = sources.siteKey.bind(sources);
    const inUse = inUseOfSources(sources.all, keyOf, atMillis);
    this.#visitAt = atMillis + VISIT_GAP * (threadMillis() - before);
    return inUse;
  }
}
