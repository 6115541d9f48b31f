import type { SamplerRequest } from '../../protocol/messages.js';
import type { Ledger } from '../ledger/index.js';
import type { ProfilerStats } from '../stats/profiler-stats.js';
import type { ExactCounts } from './exact-counts.js';
import type { HeapPoller } from './heap-poller.js';

/** Costs and counts of polls. */
export interface PollStats
  extends Pick<
    ProfilerStats,
    | 'sampleMicros'
    | 'addPoll'
    | 'addSamples'
    | 'recordSamplerLoss'
    | 'lookAtV8Threads'
    | 'workMillis'
    | 'cpuMillis'
  > {
  drop(reason: string): void;
  /** Adds work of the profiler thread after a poll, in ms. */
  addWork?(millis: number): void;
}

export interface PollLoopDeps {
  readonly ledger: Ledger;
  readonly poller: Pick<HeapPoller, 'poll'>;
  readonly stats: PollStats;
  /**
   * Asks the main thread to start or replace the sampler. It answers by a call of `samplerStarted`,
   * `samplerRefused` or `samplerKept`.
   */
  readonly startSampler: (request: SamplerRequest) => void;
  /** Resolves when the sampler may be replaced. */
  readonly readyForRestart: () => Promise<void>;
  /** Called when the sampler was replaced by one with another interval, while the last live samples are still known. */
  readonly onReplaced: () => void;
  /** Called when the previously live samples are lost. */
  readonly onSamplerLost: () => void;
  /** Called when the sampler was restarted with another interval, and the previously live samples are carried over. */
  readonly onIntervalChanged: () => void;
  /** Returns true if single samples are being followed, which a restart would lose. */
  readonly isFollowed: () => boolean;
  /** Returns true while leak detection fills windows that another interval would lose. */
  readonly isFillingWindows: () => boolean;
  /**
   * Returns when the present window of leak detection ends, in ms on the clock of the polls. Then comes a poll even if no pair is due.
   * Default: never.
   */
  readonly windowEndsMillis?: (() => number) | undefined;
  /** Called after every poll. */
  readonly onReading: () => void;
  /** Returns the number of young-generation collections since the last call. Not called if polls report collections. */
  readonly takeScavenges: () => number;
  /** Dependencies of exact mode; undefined for threads that never have it. */
  readonly exact?: ExactDeps | undefined;
  /** Called with the time without an answer, in ms, when a poll is overdue. Default: counts and logs it. */
  readonly onOverdue?: ((millis: number) => void) | undefined;
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

/** How exact mode has ended. */
export interface ExactEnd {
  /** Reason; undefined if the main thread has ended it. */
  readonly why: string | undefined;
  /** True if a poll has shown everything until then. */
  readonly isComplete: boolean;
}

/** Dependencies of exact mode. */
export interface ExactDeps {
  /** Number of times that the main thread has replaced the sampler by itself. */
  readonly samplerChanges: () => number;
  readonly poller: Pick<HeapPoller, 'heapUsage' | 'endExact'>;
  /** Sets, for the waiting main thread, whether a poll is being read. */
  readonly setReading: (isReading: boolean) => void;
  /** Called when exact mode has begun. */
  readonly onBegin: () => void;
  /** Called with the time that the main thread has waited for that, in ms. */
  readonly onWaited: (millis: number) => void;
  /** Called with the number of allocations that a poll has only counted. */
  readonly onLost: (allocations: number) => void;
  /** Called when exact mode has ended, or has lost what was alive, so that captures are not exact any more. */
  readonly onEnd: (counts: ExactCounts, end: ExactEnd) => void;
}

export interface PollLoopOptions {
  /** Share of one core that these polls may take; read before each gap. */
  readonly cpuBudget: number;
  /** The same while a component is traced. Default: 0.05, or `cpuBudget` if that is more. */
  readonly tracedCpuBudget?: number;
  readonly traced: boolean;
  readonly maxLiveSamples: number;
  /** See the option of this name. Default: `wait`. */
  readonly exactOverload?: 'wait' | 'lose';
  /** Number of live objects above which exact mode ends. Default: 400,000. */
  readonly maxExactObjects?: number;
  /** True if the interval is the default; only then is it increased where its cost would be noticed. */
  readonly isAdaptive: boolean;
}
