import type { MainMemory } from '../protocol/messages.js';
import { inUseByAge } from './history/in-use-by-age.js';
import { MemoryHistory } from './history/memory-history.js';
import type { LeakWatch } from './leaks/leak-watch.js';
import type { Ledger } from './ledger/index.js';
import type { PollLoop } from './polling/poll-loop.js';
import type { ProfilerStats } from './stats/profiler-stats.js';

export interface HistoryRecorderDeps {
  readonly ledger: Ledger;
  readonly loop: Pick<PollLoop, 'mode' | 'lastPollMillis'>;
  readonly leaks: Pick<LeakWatch, 'suspectSites'>;
  readonly stats: Pick<ProfilerStats, 'cpuMillis'>;
  /** Present time, in ms since the epoch. */
  readonly clock: () => number;
  /** Asks the main thread for its memory; undefined if it does not answer in time. */
  readonly mainMemory: () => Promise<MainMemory | undefined>;
  /** Present time on the clock of the ledger's polls. Default: `performance.now` */
  readonly nowMillis?: () => number;
}

/** Time between two moments of the history, in ms. */
const STEP_MILLIS = 10_000;
/** Gap after the samples were visited, as a multiple of the time that took: 0.005 % of a core at most. */
const VISIT_GAP = 20_000;

/**
 * Records the history of the process every 10 s. What only the main thread knows it answers when its event loop
 * turns; without an answer, the moment has no such values.
 */
export class HistoryRecorder {
  readonly history: MemoryHistory = new MemoryHistory();
  readonly #deps: HistoryRecorderDeps;
  readonly #timer: NodeJS.Timeout;
  #visitAt = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(deps: HistoryRecorderDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.#record(), STEP_MILLIS).unref();
    void this.#record();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }

  async #record(): Promise<void> {
    const { ledger, loop, leaks, stats, clock, mainMemory } = this.#deps;
    const memory = await mainMemory();
    if (this.#isStopped) return;
    const isSampling = loop.mode !== undefined && loop.lastPollMillis !== undefined;
    this.history.add({
      epochMillis: Math.round(clock()),
      resident: memory?.resident,
      heapUsedBytes: memory?.heapUsedBytes,
      inUseBytes: isSampling ? ledger.totalInUseBytes : undefined,
      allocatedBytes: ledger.counts.sampledBytes,
      pollMillis: loop.lastPollMillis,
      cpuMillis: stats.cpuMillis(),
      inUse: isSampling ? this.#visit() : undefined,
      sites: leaks.suspectSites,
    });
  }

  /** Visits the samples, unless that would cost too much. */
  #visit() {
    const { ledger, nowMillis = () => performance.now() } = this.#deps;
    const begun = nowMillis();
    if (begun < this.#visitAt) return undefined;
    const inUse = inUseByAge(ledger, begun);
    const ended = nowMillis();
    this.#visitAt = ended + VISIT_GAP * (ended - begun);
    return inUse;
  }
}
